import { runBenchmark } from './harness/benchmark.js'
import type { Bound } from './harness/bounds.js'
import { inLanes } from './harness/rounds.js'
import { pages, totals, whileListing } from './list/lists.js'
import { writeAheadLog } from './list/log.js'
import { createMeter, type Subject } from './list/measure.js'
import { revokeMany } from './list/revoke-many.js'
import { readAndWrite, touch } from './list/single-tokens.js'
import { tokens } from './list/tokens.js'
import { checkStore, connectStore, openData } from './stores/index.js'
import type { BenchData } from './stores/store-kind.js'

const PARTS: Readonly<Record<string, (subject: Subject) => Promise<void>>> = {
  single: readAndWrite,
  pages,
  totals,
  touch,
  log: writeAheadLog,
  concurrency: whileListing,
  revocation: revokeMany,
}
const AT_ONCE = 256

const PAGES = /, [-+](created|used|expires|modified|name)(, deep)?$/

/** At a million tokens, on a disk that syncs 4 KB in 0.3 ms. */
const SQLITE: readonly Bound[] = [
  { row: 'create', figure: 'p50Ms', atMost: 1.2, reason: 'one transaction writes a token' },
  { row: 'create', figure: 'p99Ms', atMost: 5, reason: 'no write waits for the work of others' },
  { row: 'point read', figure: 'p50Ms', atMost: 0.06, reason: 'one look-up by the primary key' },
  { row: PAGES, figure: 'p50Ms', atMost: 10, reason: 'every list walks an index' },
  { row: /^first count/, figure: 'p50Ms', atMost: 200, reason: 'totals come from counters or one covering index' },
  { row: /^event-loop delay/, figure: 'p99Ms', atMost: 10, reason: 'SQLite runs in a thread of its own' },
]

/** At a million tokens; at 100,000 a tenth of the time. */
const REDIS: readonly Bound[] = [
  { row: PAGES, figure: 'p50Ms', atMost: 1_000, reason: 'every list walks the smallest index' },
  { row: /^(first count|page and total)/, figure: 'p50Ms', atMost: 1_000, reason: 'totals come from bitmaps' },
  { row: /./, figure: 'longestMs', atMost: 10, reason: 'no command holds up the other clients of Redis' },
]

/** At a million tokens, on a server with its default settings. */
const POSTGRES: readonly Bound[] = [
  { row: 'point read', figure: 'p50Ms', atMost: 0.12, reason: 'one look-up by a unique index' },
  { row: /^(create|disable)$/, figure: 'p50Ms', atMost: 0.6, reason: 'one statement writes a token' },
  { row: 'delete', figure: 'p50Ms', atMost: 0.3, reason: 'one statement removes a token' },
  { row: `create, ${AT_ONCE} at once`, figure: 'perSecond', atLeast: 1_500, reason: 'writers wait for a flush only' },
  { row: /^no filter, [-+]\w+$/, figure: 'p50Ms', atMost: 4, reason: 'the index of the sort has the page' },
  { row: PAGES, figure: 'p50Ms', atMost: 250, reason: 'every list walks an index' },
  { row: /^10,000 rows/, figure: 'p50Ms', atMost: 150, reason: 'every list walks an index' },
  { row: /^first count/, figure: 'p50Ms', atMost: 420, reason: 'totals come from one scan' },
  { row: 'size', figure: 'bytesPerToken', atMost: 1_200, reason: 'a token is a row and eight index entries' },
]

const BOUNDS: Readonly<Record<string, readonly Bound[]>> = {
  sqlite: SQLITE,
  redis: REDIS,
  ioredis: REDIS,
  postgres: POSTGRES,
}

await runBenchmark({
  name: 'list',
  title: 'Lists, reads and writes of one store',
  about: `
Through the interface of a store, in ms. \`cpuMs\` is the processor time of all threads of this process per run, \`longestMs\` the longest
single command of the database server (0 below 0.5 ms). A page has 200 tokens; \`+\` and \`-\` are the directions of its sort; a deep page begins up to
10,000 tokens behind the first. \`first count\` is an exact total. A list that the store gives up at its own deadline
has the error in the place of its figures; over HTTP such a list is \`refused\`. \`logBytes\` is what the touch of one token
adds to the write-ahead log of PostgreSQL. \`revokeAll\` deletes the tokens of
one owner, which were added for it: \`seconds\` in all, and by how many MB the heap grew at most, garbage included (\`heapMb\`).`,
  cases: Object.keys(PARTS),
  options: { store: 'sqlite', tokens: 10_000, runs: 40, path: '' },
  bounds: ({ store }) => BOUNDS[store] ?? [],
  async measure({ cases, store: kind, tokens: count, runs, path }) {
    checkStore(kind)
    const data = await openData(kind, path === '' ? undefined : path)
    const store = await connectStore(data.address)
    try {
      const meter = createMeter(data)
      const { ids, perSecond } = await load(data, count)
      // Before touches leave old versions of rows behind.
      const bytes = await data.size?.()
      const environment = await store.open('default')
      const subject: Subject = { address: data.address, data, store, environment, ids, runs, meter }
      for (const part of cases) await PARTS[part]?.(subject)
      if (!data.filled) meter.rows.push({ name: `create, ${AT_ONCE} at once`, perSecond })
      if (bytes !== undefined) meter.rows.push({ name: 'size', bytesPerToken: bytes / count })
      return meter.rows
    } finally {
      await store.close()
      await data.stop()
    }
  },
})

/** Inserts the tokens, unless they are there already. */
async function load(data: BenchData, count: number): Promise<{ ids: string[]; perSecond: number }> {
  const store = await connectStore(data.address, { manageTimeout: 60_000 })
  const environment = await store.open('default')
  const ids: string[] = []
  const start = performance.now()
  await inLanes(AT_ONCE, tokens(count), async (record) => {
    ids.push(record.id)
    if (!data.filled) await environment.insert(record)
  })
  const perSecond = (1_000 * count) / (performance.now() - start)
  await store.close()
  if (!data.filled) await data.settle?.()
  return { ids, perSecond }
}
