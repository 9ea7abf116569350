import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import type { EnvironmentStore, TokenRecord } from '@latchkey/core/store'
import { readPage, tokenId } from '@latchkey/testkit'
import { NOW, tokens } from './list/data.js'
import { largePages } from './list/large-pages.js'
import { failed, measure, measureDelay, measureInTurns, type Row } from './list/measure.js'
import { COUNTED, EVERY_SORT, FILTERED, nameOf } from './list/queries.js'
import { SUBJECTS } from './list/stores.js'

// How fast a store lists, counts, reads and writes: --store sqlite --tokens 1000000 [--runs 40] [--path FILE] [--json]
// With --store redis two columns more: mean of a script (µs) and the longest single command (ms, from 0.5) in Redis.
// `--path` keeps the tokens for a later run: a file, or with Redis a folder for its snapshot.

const { values: options } = parseArgs({
  options: {
    store: { type: 'string', default: 'sqlite' },
    tokens: { type: 'string', default: '10000' },
    runs: { type: 'string', default: '40' },
    path: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const count = Number(options.tokens)
const runs = Number(options.runs)
const createSubject = SUBJECTS[options.store]
if (!createSubject) throw new TypeError(`--store must be one of ${Object.keys(SUBJECTS).join(', ')}`)

const rows: Row[] = []
const report = (row: Row) => {
  rows.push(row)
  if (options.json) return
  const inside = row.longestMs === undefined ? [] : [row.scriptUs ?? '', row.longestMs]
  const columns = [row.p50Ms, row.p99Ms, row.cpuMs ?? '', ...inside].map((value) =>
    (Number.isNaN(value) ? '-' : String(value)).padStart(9),
  )
  console.log(`${row.name.padEnd(58)}${columns.join('')}`)
}

/** Adds what the store's server says of its own time. */
async function reportOf(measuring: () => Promise<Row>, name = ''): Promise<void> {
  await subject.server?.reset()
  const row = await measuring().catch(failed(name))
  const inside = await subject.server?.read()
  if (inside) row.longestMs = inside.longestMs
  if (inside?.scriptUs !== undefined) row.scriptUs = inside.scriptUs
  report(row)
}

const subject = await createSubject(options.path)
try {
  const store = await subject.store.open('default')
  if (!options.json)
    console.log(
      `${options.store}, ${count} tokens, Node ${process.version}\n${''.padEnd(58)}   p50 ms   p99 ms   cpu ms`,
    )
  const ids = await load(store)
  await readAndWrite(store, ids)
  await lists(store)
  await subject.more?.(store, ids, report)
  await reportOf(() => measure('touch, 1,000 tokens', 20, (i) => store.touch(uses(ids, i))))
  await delays(store, ids)
  const size = await subject.size()
  if (size !== undefined && !options.json) console.log(`\n${Math.round(size / count)} bytes per token`)
  if (options.json) {
    const node = process.versions.node
    console.log(
      JSON.stringify({ bench: 'list', node, cpus: cpus().length, store: options.store, tokens: count, rows, size }),
    )
  }
} finally {
  await subject.store.close()
  await subject.remove()
}

/** The ids of all tokens. */
async function load(store: EnvironmentStore): Promise<string[]> {
  const ids: string[] = []
  const start = performance.now()
  if (subject.fill && !subject.filled) {
    await subject.fill(withIds(ids))
    const mean = Number(((performance.now() - start) / count).toPrecision(3))
    report({ name: 'create, 256 at once, per token', p50Ms: mean, p99Ms: mean })
    return ids
  }
  let batch: Promise<void>[] = []
  for (const record of tokens(count)) {
    ids.push(record.id)
    if (subject.filled) continue
    batch.push(store.insert(record))
    if (batch.length < 256) continue
    await Promise.all(batch)
    batch = []
  }
  await Promise.all(batch)
  const mean = Number(((performance.now() - start) / count).toPrecision(3))
  if (!subject.filled) report({ name: 'create, 256 at once, per token', p50Ms: mean, p99Ms: mean })
  return ids
}

function* withIds(ids: string[]): Generator<TokenRecord> {
  for (const record of tokens(count)) {
    ids.push(record.id)
    yield record
  }
}

async function readAndWrite(store: EnvironmentStore, ids: readonly string[]): Promise<void> {
  const idAt = (i: number) => ids[(i * 7_919) % ids.length] ?? ''
  await reportOf(() => measure('point read', 20_000, (i) => store.find(idAt(i))))
  const extra: TokenRecord[] = [...tokens(2_001)].map((record) => ({ ...record, id: tokenId() }))
  await reportOf(() => measure('create', 2_000, (i) => store.insert(extra[i] as TokenRecord)))
  // Beside each other in time: the speed of a machine changes within minutes.
  for (const row of (await subject.disk?.()) ?? []) report(row)
  await reportOf(() => measure('disable', 2_000, (i) => store.update(extra[i]?.id ?? '', { enabled: false }, 1)))
  await reportOf(() => measure('delete', 2_000, (i) => store.remove(extra[i]?.id ?? '')))
}

async function lists(store: EnvironmentStore): Promise<void> {
  const page = { limit: 200, count: false, filter: {} }
  const unfiltered: { name: string; run: () => Promise<unknown> }[] = []
  for (const sort of EVERY_SORT) {
    const name = `no filter, ${nameOf(sort)}`
    let after: string | undefined
    // Far behind the first page, in the largest pages: their time is worth a look too.
    const steps = Math.min(20, Math.max(1, Math.floor(count / 20_000)))
    const large = await measure(`${name}, 10,000 rows`, steps, async () => {
      const got = await readPage(store, { ...page, limit: 10_000, sort, ...(after === undefined ? {} : { after }) })
      after = got.next
    })
    unfiltered.push({ name, run: () => readPage(store, { ...page, sort }) })
    if (after === undefined) continue
    const middle = after
    unfiltered.push({ name: `${name}, deep`, run: () => readPage(store, { ...page, sort, after: middle }) })
    report(large)
  }
  for (const row of await measureInTurns(unfiltered, runs, subject.server)) report(row)
  for (const { name, ...query } of FILTERED) {
    let next: string | undefined
    const run = async () => {
      next = (await readPage(store, { ...page, ...query })).next
    }
    await reportOf(() => measure(name, runs, run), name)
    if (next === undefined) continue
    let after: string = next
    for (let i = 0; i < 4; i++)
      after = (await readPage(store, { ...page, ...query, after, limit: 2_000 })).next ?? after
    await reportOf(() => measure(`${name}, deep`, runs, () => readPage(store, { ...page, ...query, after })), name)
  }
  for (const { name, ...query } of COUNTED) {
    const total = `first count: ${name}`
    await reportOf(
      () => measure(total, Math.ceil(runs / 4), () => readPage(store, { ...query, limit: 1, count: true })),
      total,
    )
  }
}

async function delays(store: EnvironmentStore, ids: readonly string[]): Promise<void> {
  const repeat = async (times: number, run: (i: number) => Promise<unknown>) => {
    for (let i = 0; i < times; i++) await run(i)
  }
  const name = (what: string) => `event-loop delay during ${what}`
  const large = await largePages(subject.store)
  await reportOf(() => measureDelay(name('lists of 10,000 tokens'), () => large.list(20)))
  await reportOf(() => measureDelay(name('the same over HTTP'), () => large.answer(20, 1)))
  await reportOf(() => measureDelay(name('the same to four clients at once'), () => large.answer(5, 4)))
  await large.close()
  const counted = COUNTED.find((query) => query.filter.scopes && query.filter.lastUsed) ?? { filter: {} }
  const sort = { by: 'createdAt', direction: 'desc' } as const
  const total = { filter: counted.filter, sort, limit: 1, count: true }
  await reportOf(
    () => measureDelay(name('first counts'), () => repeat(20, () => store.list(total))),
    name('first counts'),
  )
  await reportOf(() => measureDelay(name('touches of 1,000'), () => repeat(20, (i) => store.touch(uses(ids, 100 + i)))))
}

/** 1,000 tokens all over, used later than all before. */
function uses(ids: readonly string[], round: number) {
  return Array.from({ length: 1_000 }, (_, i) => ({
    id: ids[(i * 104_729 + round * 31) % ids.length] ?? '',
    gen: 1,
    at: NOW + round * 1_000,
    ip: '203.0.113.9',
  }))
}
