// A host in small, given its modules in whatever way it loads them: a guarded route, one request with and one without a
// token. Throws if anything is not as it must be.
const assert = require('node:assert/strict')
const { once } = require('node:events')

module.exports = async ({ core, adapter, express, page, hasher }) => {
  const { createLatchkey, hmacSha256, memoryStore, RequestError } = core
  const latchkey = createLatchkey({
    prefix: 'acme',
    store: memoryStore(),
    hasher: hasher ?? hmacSha256({ keys: { k1: Buffer.alloc(32, 'k') }, current: 'k1' }),
    scopes: { 'reports.read': 'Read reports' },
  })
  const { requireToken, tokenRoutes } = adapter.latchkeyExpress(latchkey)
  const app = express()
  app.use('/tokens', tokenRoutes())
  const dialect = 'latchkey'
  if (page !== undefined) app.use('/keys', tokenRoutes({ dialect, console: page.tokenConsole() }))
  app.get('/reports', requireToken({ scopes: ['reports.read'] }), (req, res) => res.json(req.apiToken.owner))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { token } = await latchkey.create({ name: 'n', owner: 'ada', scopes: ['reports.read'] })
    const url = `http://127.0.0.1:${server.address().port}`
    const good = await fetch(`${url}/reports`, { headers: { authorization: `Bearer ${token}` } })
    assert.equal(good.status, 200)
    assert.equal(await good.json(), 'ada')
    assert.equal((await fetch(`${url}/reports`)).status, 401)
    assert.equal((await fetch(`${url}/tokens`)).status, 401)
    if (page !== undefined) {
      const html = await (await fetch(`${url}/keys/console`)).text()
      const [, script] = /<script type="module" src="([^"]+)"/.exec(html)
      assert.match((await fetch(`${url}/keys/console/${script}`)).headers.get('content-type'), /javascript/)
    }
    await assert.rejects(
      latchkey.create({ name: '', owner: 'ada', scopes: [] }),
      (error) => error instanceof RequestError,
    )
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await latchkey.close()
  }
}
