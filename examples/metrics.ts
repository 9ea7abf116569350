// Latchkey's events and counters as OpenTelemetry metrics.
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createLatchkey, type Latchkey, type LatchkeyEvents, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import type { Meter } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import express from 'express'

/** A typed listener on one of Latchkey's channels. */
function on<E extends keyof LatchkeyEvents>(event: E, listener: (message: LatchkeyEvents[E]) => void): void {
  subscribe(`latchkey:${event}`, (message) => listener(message as LatchkeyEvents[E]))
}

/** Events, as counters. They come from every instance in the process, each with the name of its environment. */
function countEvents(meter: Meter): void {
  const verdicts = meter.createCounter('latchkey.verdicts', { description: 'Tokens judged, by outcome' })
  const reuses = meter.createCounter('latchkey.reuses', { description: 'Retired secrets presented' })
  const failures = meter.createCounter('latchkey.store.failures', { description: 'Store calls that failed' })
  const uses = meter.createCounter('latchkey.uses.written', { description: 'Last uses written' })

  on('verified', ({ environment }) => verdicts.add(1, { environment, outcome: 'verified' }))
  on('denied', ({ environment, reason }) => verdicts.add(1, { environment, outcome: reason }))
  on('reuse', ({ environment }) => reuses.add(1, { environment }))
  on('store-error', ({ environment, operation }) => failures.add(1, { environment, operation }))
  on('flushed', (flushed) => uses.add(flushed.uses, { environment: flushed.environment }))
}

/** How long the store takes, and a verification that the cache could not answer. */
function recordDurations(meter: Meter): void {
  const milliseconds = { unit: 'ms', advice: { explicitBucketBoundaries: [0.05, 0.1, 0.5, 1, 5, 10, 50, 100, 500] } }
  const misses = meter.createHistogram('latchkey.cache.miss.duration', milliseconds)
  const calls = meter.createHistogram('latchkey.store.duration', milliseconds)

  on('cache-miss', ({ environment, duration }) => misses.record(duration, { environment }))
  on('store-call', ({ environment, operation, duration }) => calls.record(duration, { environment, operation }))
}

/** `stats()` of one instance, read whenever the metrics are collected. */
function observeStats(meter: Meter, latchkey: Latchkey): void {
  const judged = meter.createObservableCounter('latchkey.judged')
  const hits = meter.createObservableCounter('latchkey.cache.hits')
  const reads = meter.createObservableCounter('latchkey.store.reads')
  const proofs = meter.createObservableCounter('latchkey.proofs.done')
  const refused = meter.createObservableCounter('latchkey.proofs.refused')
  const waiting = meter.createObservableGauge('latchkey.proofs.waiting')
  const pending = meter.createObservableGauge('latchkey.uses.pending')
  const lagging = meter.createObservableGauge('latchkey.lagging', { description: '1: changes may arrive late' })
  const of = { environment: latchkey.environment }

  meter.addBatchObservableCallback(
    (result) => {
      const stats = latchkey.stats()
      result.observe(judged, stats.verified + stats.denied, of)
      result.observe(hits, stats.cacheHits, of)
      result.observe(reads, stats.storeReads, of)
      result.observe(proofs, stats.proofs.done, of)
      result.observe(refused, stats.proofs.refused, of)
      result.observe(waiting, stats.proofs.waiting, of)
      result.observe(pending, stats.pendingUses, of)
      result.observe(lagging, stats.lagging ? 1 : 0, of)
    },
    [judged, hits, reads, proofs, refused, waiting, pending, lagging],
  )
}

// A real host exports to its collector.
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

// Three good requests, one without the scope, one with a malformed token.
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
