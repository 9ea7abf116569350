// The smallest Express host: two guarded routes, the token routes, and a clean end.
import { once } from 'node:events'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import express from 'express'

const store = memoryStore()
const latchkey = createLatchkey({
  prefix: 'acme',
  store,
  scopes: { 'reports.read': 'Read reports', 'reports.write': 'Write reports' },
})
const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)

const app = express()
// Trust X-Forwarded-For from a proxy on this machine only.
app.set('trust proxy', 'loopback')
app.use('/tokens', tokenRoutes({ dialect: 'latchkey' }))

app.get('/reports', requireToken({ scopes: ['reports.read'] }), (req, res) => {
  res.json({ reports: [], readBy: req.apiToken.owner })
})
app.post('/reports', requireToken({ scopes: ['reports.write'] }), (_req, res) => {
  res.status(201).json({ accepted: true })
})

const server = app.listen(3000)
await once(server, 'listening')
const { token } = await latchkey.create({ name: 'first', owner: 'admin', scopes: ['*'] })
console.log(`curl -H 'Authorization: Bearer ${token}' http://localhost:3000/reports`)

await once(process, 'SIGTERM')
server.close()
await once(server, 'close')
// Writes the last uses that are still in memory.
await latchkey.close()
await store.close()
