import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { createLatchkey } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import autocannon from 'autocannon'
import express from 'express'
import { serve } from '../harness/http.js'
import { expect } from '../harness/observe.js'
import { mixedLists } from './lists.js'
import type { Subject } from './measure.js'

/** The most that a client can ask for. */
const LIMIT = 10_000
const DURATION = 4_000

/** What others wait for while lists run: the event loop of the host, and another thread that reads single tokens. */
export async function whileListing(subject: Subject): Promise<void> {
  const { meter, store } = subject
  await meter.eventLoop('lists of all kinds', () => mixedLists(subject, DURATION))
  const latchkey = createLatchkey({ prefix: 'lk', store })
  await meter.eventLoop('lists of 10,000 tokens', async () => {
    for (let i = 0; i < 20; i++) await latchkey.list({ limit: LIMIT })
  })

  const app = express()
  const { tokenRoutes } = latchkeyExpress(latchkey)
  app.use('/tokens', tokenRoutes({ authorize: () => ({ owner: 'bench', scopes: ['*'] }) }))
  const url = `${await serve(app)}tokens?pageSize=${LIMIT}`
  await meter.eventLoop('the same over HTTP, for four clients at once', async () => {
    const { '2xx': pages } = await autocannon({ url, connections: 4, amount: 20, workers: 1, timeout: 60 })
    expect(pages > 0, 'large pages are answered')
  })
  await latchkey.close()
  if (!subject.address.startsWith('memory:')) await readMeanwhile(subject)
}

async function readMeanwhile(subject: Subject): Promise<void> {
  const ids = subject.ids.filter((_, i) => i % Math.ceil(subject.ids.length / 1_000) === 0)
  const reader = new Worker(new URL('./reader.js', import.meta.url), { workerData: { address: subject.address, ids } })
  const times = once(reader, 'message')
  await mixedLists(subject, DURATION)
  reader.postMessage('stop')
  await subject.meter.times('point read of another thread, while lists run', (await times)[0] as number[])
}
