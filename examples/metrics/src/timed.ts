import type { TokenStore } from '@latchkey/core'
import type { Histogram } from '@opentelemetry/api'
import type { RequestHandler } from 'express'

/** A store that measures how long another one takes, in milliseconds, by operation. */
export function timedStore(store: TokenStore, latency: Histogram): TokenStore {
  return {
    async open(environment) {
      const inner = await store.open(environment)
      async function timed<T>(operation: string, call: () => Promise<T>): Promise<T> {
        const started = performance.now()
        try {
          return await call()
        } finally {
          latency.record(performance.now() - started, { environment, operation })
        }
      }
      return {
        dataset: inner.dataset,
        sealingKey: inner.sealingKey,
        insert: (record) => timed('insert', () => inner.insert(record)),
        find: (id) => timed('find', () => inner.find(id)),
        update: (id, patch, version) => timed('update', () => inner.update(id, patch, version)),
        remove: (id, version) => timed('remove', () => inner.remove(id, version)),
        list: (query) => timed('list', () => inner.list(query)),
        touch: (uses) => timed('touch', () => inner.touch(uses)),
        purge: (expiredBefore) => timed('purge', () => inner.purge(expiredBefore)),
        watch: (listener) => inner.watch(listener),
      }
    },
    close: () => store.close(),
  }
}

/** A guard whose time is measured for the requests that it lets in, in milliseconds. */
export function timedGuard(guard: RequestHandler, duration: Histogram): RequestHandler {
  return (req, res, next) => {
    const started = performance.now()
    return guard(req, res, (error) => {
      duration.record(performance.now() - started)
      next(error)
    })
  }
}
