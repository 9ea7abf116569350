import { subscribe } from 'node:diagnostics_channel'
import type { Latchkey, LatchkeyEvents } from '@latchkey/core'
import type { Meter } from '@opentelemetry/api'

/** A typed listener on one of Latchkey's channels. */
function on<E extends keyof LatchkeyEvents>(event: E, listener: (message: LatchkeyEvents[E]) => void): void {
  subscribe(`latchkey:${event}`, (message) => listener(message as LatchkeyEvents[E]))
}

/** Events, as counters. They come from every instance in the process, each with the name of its environment. */
export function countEvents(meter: Meter): void {
  const verdicts = meter.createCounter('latchkey.verdicts', { description: 'Tokens judged, by outcome' })
  const reuses = meter.createCounter('latchkey.reuses', { description: 'Dead secrets presented' })
  const failures = meter.createCounter('latchkey.store.failures', { description: 'Store calls that failed' })
  const uses = meter.createCounter('latchkey.uses.written', { description: 'Last uses written' })

  on('verified', ({ environment }) => verdicts.add(1, { environment, outcome: 'verified' }))
  on('denied', ({ environment, reason }) => verdicts.add(1, { environment, outcome: reason }))
  on('reuse', ({ environment }) => reuses.add(1, { environment }))
  on('store-error', ({ environment, operation }) => failures.add(1, { environment, operation }))
  on('flushed', (flushed) => uses.add(flushed.uses, { environment: flushed.environment }))
}

/** How long the store takes, and a verification that the cache could not answer. */
export function recordDurations(meter: Meter): void {
  const milliseconds = { unit: 'ms', advice: { explicitBucketBoundaries: [0.05, 0.1, 0.5, 1, 5, 10, 50, 100, 500] } }
  const misses = meter.createHistogram('latchkey.cache.miss.duration', milliseconds)
  const calls = meter.createHistogram('latchkey.store.duration', milliseconds)

  on('cache-miss', ({ environment, duration }) => misses.record(duration, { environment }))
  on('store-call', ({ environment, operation, duration }) => calls.record(duration, { environment, operation }))
}

/** `stats()` of one instance, read whenever the metrics are collected. */
export function observeStats(meter: Meter, latchkey: Latchkey): void {
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
