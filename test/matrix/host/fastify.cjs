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
    const { token } = await latchkey.create({ name: 'n', owner: 'ada', scopes: ['*'] })
    const headers = { authorization: `Bearer ${token}` }
    assert.equal((await app.inject({ url: '/reports', headers })).body, 'ada')
    assert.equal((await app.inject({ url: '/reports' })).statusCode, 401)
    assert.equal((await app.inject({ url: '/tokens', headers })).statusCode, 200)
  } finally {
    await app.close()
    await latchkey.close()
  }
}
