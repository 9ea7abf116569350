import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import express from 'express'
import { countEvents, observeStats, recordDurations } from './observe.js'

// A real host exports to its collector instead.
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] })
const meter = provider.getMeter('latchkey')
countEvents(meter)
recordDurations(meter)

const store = memoryStore()
const latchkey = createLatchkey({ prefix: 'acme', store, scopes: { 'reports.read': 'Read', 'reports.write': 'Write' } })
observeStats(meter, latchkey)

const { requireToken } = latchkeyExpress(latchkey)
const guard = requireToken({ scopes: ['reports.read'] })
const app = express().get('/reports', guard, (_req, res) => void res.json({ reports: [] }))
const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')

// Three good requests, one without the scope, one with a token that was never issued.
const reader = await latchkey.create({ name: 'reader', owner: 'ada', scopes: ['reports.read'] })
const writer = await latchkey.create({ name: 'writer', owner: 'ada', scopes: ['reports.write'] })
for (const token of [reader.token, reader.token, reader.token, writer.token, 'acme.nonsense']) {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/reports`
  await fetch(url, { headers: { Authorization: `Bearer ${token}` } })
}
await latchkey.flush()

await provider.forceFlush()
for (const { metrics } of exporter.getMetrics().at(-1)?.scopeMetrics ?? []) {
  for (const { descriptor, dataPoints } of metrics) {
    for (const { attributes, value } of dataPoints) console.log(JSON.stringify([descriptor.name, attributes, value]))
  }
}

server.close()
server.closeAllConnections()
await latchkey.close()
await store.close()
await provider.shutdown()
