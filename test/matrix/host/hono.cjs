// A host on Hono in small, given its modules in whatever way it loads them. Throws if anything is not as it must be.
const assert = require('node:assert/strict')

module.exports = async ({ core, adapter, Hono }) => {
  const latchkey = core.createLatchkey({
    store: core.memoryStore(),
    hasher: core.hmacSha256({ keys: { k1: Buffer.alloc(32, 'k') }, current: 'k1' }),
  })
  const { requireToken, tokenRoutes } = adapter.latchkeyHono(latchkey, { ip: () => undefined })
  const failures = []
  const app = new Hono().onError((error, c) => {
    failures.push(error.message)
    return c.text('failed', 500)
  })
  app.route('/api', new Hono().route('/tokens', tokenRoutes()))
  app.route('/wrong/:id?', tokenRoutes())
  app.get('/reports', requireToken(), (c) => c.text(c.get('apiToken').owner))
  try {
    const { token } = await latchkey.create({ name: 'n', owner: 'ada', scopes: ['*'] })
    const headers = { authorization: `Bearer ${token}` }
    assert.equal(await (await app.request('/reports', { headers })).text(), 'ada')
    assert.equal((await app.request('/reports')).status, 401)
    assert.equal((await app.request('/api/tokens', { headers })).status, 200)
    // The host's own handling of errors is asked, whichever build of Hono it has loaded.
    assert.equal((await app.request('/wrong/x', { headers })).status, 500)
    assert.match(failures.join(), /must be mounted as/)
  } finally {
    await latchkey.close()
  }
}
