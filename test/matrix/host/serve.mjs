// A host on Bun.serve or Deno.serve, without a framework and with Hono: <runtime> serve.mjs hmac | argon2
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { argon2id, createLatchkey, hmacSha256, memoryStore } from '@latchkey/core'
import { latchkeyFetch } from '@latchkey/core/fetch'
import { latchkeyHono } from '@latchkey/hono'
import { Hono } from 'hono'

const { Bun, Deno } = globalThis
const hasher =
  process.argv[2] === 'argon2'
    ? argon2id({ memory: 64, passes: 1 })
    : hmacSha256({ keys: { k1: Buffer.alloc(32, 'k') }, current: 'k1' })
const latchkey = createLatchkey({ store: memoryStore(), hasher, scopes: { 'reports.read': 'Read reports' } })

const { requireToken, tokenRoutes } = latchkeyFetch(latchkey)
const readers = requireToken({ scopes: ['reports.read'] })
const routes = tokenRoutes({ dialect: 'latchkey' })

async function handle(request, ip) {
  const managed = await routes(request, { ip, mount: '/tokens' })
  if (managed !== undefined) return managed
  const { token, response } = await readers(request, { ip })
  return response ?? Response.json({ readBy: token.owner })
}

const { getConnInfo } = await import(Bun ? 'hono/bun' : 'hono/deno')
const onHono = latchkeyHono(latchkey, { ip: (c) => getConnInfo(c).remote.address })
const app = new Hono()
app.route('/tokens', onHono.tokenRoutes({ dialect: 'latchkey' }))
app.get('/reports', onHono.requireToken({ scopes: ['reports.read'] }), (c) =>
  c.json({ readBy: c.get('apiToken').owner }),
)

const at = { port: 0, hostname: '127.0.0.1' }
const serve = Bun
  ? (answer) => Bun.serve({ ...at, fetch: answer })
  : (answer) => Deno.serve({ ...at, onListen() {} }, answer)
const addressOf = Bun
  ? (request, server) => server.requestIP(request)?.address
  : (_request, { remoteAddr }) => remoteAddr.hostname
const servers = [serve((request, info) => handle(request, addressOf(request, info))), serve(app.fetch)]

const issue = (input) => latchkey.create({ name: 'n', owner: 'ada', scopes: ['*'], ...input })
const { token } = await issue()
const bound = await issue({ networks: ['127.0.0.0/8'] })
const elsewhere = await issue({ networks: ['192.0.2.0/24'] })
for (let i = 0; i < 900; i++) await issue({ metadata: { text: 'x'.repeat(300) } })

/** The status of a request, as it goes over the wire. */
async function raw(port, ...lines) {
  const socket = connect(port, '127.0.0.1')
  socket.write(['GET /reports HTTP/1.1', 'Host: x', 'Connection: close', ...lines, '', ''].join('\r\n'))
  const [answer] = await once(socket, 'data')
  socket.destroy()
  return Number(/^HTTP\/1.1 (\d+)/.exec(String(answer))?.[1])
}

for (const server of servers) {
  const port = Bun ? server.port : server.addr.port
  const ask = (path, bearer, init = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      ...init,
      headers: { ...(bearer && { Authorization: `Bearer ${bearer}` }), ...init.headers },
    })
  const status = async (...args) => (await ask(...args)).status
  assert.deepEqual(await (await ask('/reports', token)).json(), { readBy: 'ada' })
  assert.equal(await status('/reports'), 401)
  assert.equal(await status('/reports', bound.token), 200)
  const forged = { headers: { 'X-Forwarded-For': '192.0.2.7' } }
  for (const path of ['/reports', '/tokens/self']) assert.equal(await status(path, elsewhere.token, forged), 403)
  for (const second of [`Authorization: Bearer ${bound.token}`, 'Authorization: Basic YTpi', `X-API-Key: ${token}`]) {
    assert.equal(await raw(port, `Authorization: Bearer ${token}`, second), 400, second)
  }
  const json = { 'Content-Type': 'application/json' }
  const created = await ask('/tokens', token, { method: 'POST', headers: json, body: '{"name":"made","scopes":["*"]}' })
  assert.equal(created.status, 201)
  assert.equal(await status(created.headers.get('location'), token), 200)
  const unread = await ask('/tokens?limit=900', token)
  await unread.body.cancel()
  assert.equal((await (await ask('/tokens?limit=900', token)).json()).tokens.length, 900)
  assert.equal(await status('/tokens/self', token, { method: 'HEAD' }), 200)
}
for (const server of servers) await (Bun ? server.stop(true) : server.shutdown())
await latchkey.close()
console.log('ok')
process.exit()
