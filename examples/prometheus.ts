// Latchkey's events and counters for Prometheus, which scrapes them with a token of its own.
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createLatchkey, type LatchkeyEvents, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import express from 'express'
import { Counter, Gauge, Histogram, register } from 'prom-client'

/** A typed listener on one of Latchkey's channels. */
function on<E extends keyof LatchkeyEvents>(event: E, listener: (message: LatchkeyEvents[E]) => void): void {
  subscribe(`latchkey:${event}`, (message) => listener(message as LatchkeyEvents[E]))
}

// Events come from every instance in the process, each with the name of its environment.

const verdicts = new Counter({
  name: 'latchkey_verdicts_total',
  help: 'Requests judged, by outcome',
  labelNames: ['environment', 'outcome'],
})
on('verified', ({ environment }) => verdicts.inc({ environment, outcome: 'verified' }))
on('denied', ({ environment, reason }) => verdicts.inc({ environment, outcome: reason }))

const management = new Counter({
  name: 'latchkey_management_total',
  help: 'Management operations, by action and outcome',
  labelNames: ['environment', 'action', 'outcome'],
})
on('audit', ({ environment, action, outcome }) => management.inc({ environment, action, outcome }))

const reuses = new Counter({
  name: 'latchkey_reuses_total',
  help: 'Dead secrets presented',
  labelNames: ['environment'],
})
on('reuse', ({ environment }) => reuses.inc({ environment }))

const calls = new Histogram({
  name: 'latchkey_store_call_seconds',
  help: 'Duration of calls to the store',
  labelNames: ['environment', 'operation'],
  buckets: [0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
})
on('store-call', ({ environment, operation, duration }) => calls.observe({ environment, operation }, duration / 1_000))

const store = memoryStore()
const latchkey = createLatchkey({
  prefix: 'acme',
  store,
  scopes: { 'reports.read': 'Read reports', 'metrics.read': 'Scrape metrics' },
})

// What `stats()` says is read at each scrape.

new Gauge({
  name: 'latchkey_proofs_waiting',
  help: 'First uses that wait for a slow hash',
  collect() {
    this.set(latchkey.stats().proofs.waiting)
  },
})
new Gauge({
  name: 'latchkey_hashes',
  help: 'Stored hashes of the tokens in memory, by kind and key',
  labelNames: ['hash'],
  collect() {
    this.reset()
    for (const [hash, count] of Object.entries(latchkey.stats().hashes)) this.set({ hash }, count)
  },
})

const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)
const app = express().use('/tokens', tokenRoutes({ dialect: 'latchkey' }))
app.get('/reports', requireToken({ scopes: ['reports.read'] }), (_req, res) => void res.json({ reports: [] }))
// Metrics tell how busy you are, so not everybody may read them.
app.get('/metrics', requireToken({ scopes: ['metrics.read'] }), async (_req, res) => {
  res.type(register.contentType).send(await register.metrics())
})

const server = app.listen(3000)
await once(server, 'listening')
const { token } = await latchkey.create({ name: 'first', owner: 'admin', scopes: ['*'] })
console.log(`curl -H 'Authorization: Bearer ${token}' http://localhost:3000/metrics`)

await once(process, 'SIGTERM')
server.close()
await once(server, 'close')
await latchkey.close()
await store.close()
