// A function from Request to Response in small, given its modules in whatever way it loads them. Throws if anything is not as
// it must be.
const assert = require('node:assert/strict')

module.exports = async ({ core, fetch: { latchkeyFetch } }) => {
  const latchkey = core.createLatchkey({
    store: core.memoryStore(),
    hasher: core.hmacSha256({ keys: { k1: Buffer.alloc(32, 'k') }, current: 'k1' }),
  })
  const { requireToken, tokenRoutes } = latchkeyFetch(latchkey)
  const [guard, routes] = [requireToken(), tokenRoutes({ dialect: 'latchkey' })]
  try {
    const { token } = await latchkey.create({ name: 'n', owner: 'ada', scopes: ['*'] })
    const ask = (path, headers) => new Request(`http://host${path}`, { headers })
    const headers = { authorization: `Bearer ${token}` }
    const client = { ip: undefined }
    assert.equal((await guard(ask('/reports', headers), client)).token.owner, 'ada')
    assert.equal((await guard(ask('/reports'), client)).response.status, 401)
    const mounted = { ...client, mount: '/tokens' }
    assert.equal((await (await routes(ask('/tokens/self', headers), mounted)).json()).owner, 'ada')
    assert.equal(await routes(ask('/elsewhere', headers), mounted), undefined)
  } finally {
    await latchkey.close()
  }
}
