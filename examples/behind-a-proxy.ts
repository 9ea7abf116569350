// What stands around guards on the way to the network: proxies that write ports, CORS, shared caches, logs without tokens, and WebSockets.
import { once } from 'node:events'
import { createLatchkey, memoryStore, tokenPattern } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import cors from 'cors'
import express from 'express'
import morgan from 'morgan'
import { pinoHttp } from 'pino-http'
import proxyAddr from 'proxy-addr'
import { WebSocketServer } from 'ws'

const store = memoryStore()
const latchkey = createLatchkey({ prefix: 'acme', store, scopes: { 'reports.read': 'Read reports' } })
const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)

const app = express()

// A proxy on this machine, and those of a network. Some write ports into X-Forwarded-For.
const proxies = proxyAddr.compile(['loopback', '10.1.0.0/16'])
const trusted = (address: string, hop: number) => proxies(address.replace(/^([\d.]+):\d+$/, '$1'), hop)
app.set('trust proxy', trusted)

// Logs come first, so that they hold what is refused too.
const tokens = tokenPattern('acme')
const withoutTokens = (text = '') => text.replaceAll(tokens, '[token]')

app.use(
  pinoHttp({
    redact: [
      'req.headers.authorization',
      'req.headers["x-api-key"]',
      'req.headers.cookie',
      'req.headers.referer',
      'res.headers["set-cookie"]',
    ],
    serializers: {
      req: ({ query: _, params: __, ...req }) => ({ ...req, url: withoutTokens(req.url) }),
    },
  }),
)

morgan.token('url', (req: express.Request) => withoutTokens(req.originalUrl))
morgan.token('referrer', (req) => withoutTokens(req.headers.referer))
app.use(morgan('combined'))

// Before guards and routes: browsers ask without a token whether they may send one.
app.use(
  cors({
    origin: ['https://app.example.com'],
    methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'X-API-Key', 'Content-Type'],
    exposedHeaders: ['Location', 'Retry-After', 'WWW-Authenticate'],
    maxAge: 600,
  }),
)

app.use('/tokens', tokenRoutes({ dialect: 'latchkey' }))
app.get('/reports', requireToken({ scopes: ['reports.read'] }), (_req, res) => {
  res.json({ reports: [] })
})
app.get('/prices', requireToken(), (_req, res) => {
  // The same for every token, so every cache may keep it.
  res.set('Cache-Control', 'public, max-age=60').json({ prices: [] })
})

const server = app.listen(3000)
await once(server, 'listening')

const sockets = new WebSocketServer({ noServer: true })

server.on('upgrade', async (req, socket, head) => {
  socket.on('error', () => socket.destroy())
  const [, token = ''] = /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '') ?? []
  const ip = proxyAddr(req, trusted)
  // Undefined: the store cannot be reached.
  const judge = () => latchkey.verify(token, { scopes: ['reports.read'], ip }).catch(() => undefined)

  const verdict = await judge()
  if (verdict?.ok !== true) {
    const status = verdict === undefined ? '503 Service Unavailable' : '401 Unauthorized'
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`)
    return
  }
  sockets.handleUpgrade(req, socket, head, (client) => {
    client.on('error', () => client.terminate())
    client.on('message', async () => {
      // A connection may outlive its token. While the token is cached, this takes microseconds.
      const again = await judge()
      if (again?.ok === true) client.send(JSON.stringify({ reports: [] }))
      else client.close(again === undefined ? 1013 : 1008)
    })
  })
})

const { token } = await latchkey.create({ name: 'first', owner: 'admin', scopes: ['*'] })
console.log(`curl -H 'Authorization: Bearer ${token}' http://localhost:3000/reports`)

await once(process, 'SIGTERM')
for (const client of sockets.clients) client.terminate()
server.close()
await once(server, 'close')
await latchkey.close()
await store.close()
