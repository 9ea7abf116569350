// A host on Fastify in small, given its modules in whatever way it loads them. Throws if anything is not as it must be.
const assert = require('node:assert/strict')

module.exports = async ({ core, adapter, fastify }) => {
  const latchkey = core.createLatchkey({
    store: core.memoryStore(),
    hasher: core.hmacSha256({ keys: { k1: Buffer.alloc(32, 'k') }, current: 'k1' }),
  })
  const { plugin, requireToken, tokenRoutes } = adapter.latchkeyFastify(latchkey)
  const app = fastify()
  app.register(plugin)
  app.register(tokenRoutes(), { prefix: '/tokens' })
  app.get('/reports', { onRequest: requireToken() }, async (request) => request.apiToken.owner)
  try {
    // Not by app.inject: under Jest it needs Node 24.9, since a dependency of Fastify is an ES module.
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const { token } = await latchkey.create({ name: 'n', owner: 'ada', scopes: ['*'] })
    const headers = { authorization: `Bearer ${token}` }
    assert.equal(await (await fetch(`${url}/reports`, { headers })).text(), 'ada')
    assert.equal((await fetch(`${url}/reports`)).status, 401)
    assert.equal((await fetch(`${url}/tokens`, { headers })).status, 200)
  } finally {
    await app.close()
    await latchkey.close()
  }
}
