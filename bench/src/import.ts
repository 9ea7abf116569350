import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { copyTokens, createLatchkey, type ForeignFormat, type ImportRow } from '@latchkey/core'
import type { EnvironmentStore } from '@latchkey/core/store'
import { CREATED_AT, randomInt } from '@latchkey/testkit'
import { runBenchmark } from './harness/benchmark.js'
import { expect, memoryInUse, quantile, watchEventLoop } from './harness/observe.js'
import { type Contender, type Figures, measureContenders } from './harness/rounds.js'
import { FAST_HASHER, insertRecords, SCOPE } from './harness/tokens.js'
import { checkStore, connectStore, openData } from './stores/index.js'
import type { BenchData } from './stores/store-kind.js'

const MIB = 2 ** 20
const FORMAT: ForeignFormat = { name: 'legacy', match: /^legacy_[0-9]+$/ }

interface Options {
  readonly tokens: number
  readonly store: string
  readonly to: string
}

const CASES: Readonly<Record<string, (options: Options) => Promise<Contender>>> = { import: importAll, copy: copyAll }

await runBenchmark({
  name: 'import',
  title: 'Importing foreign keys, and moving to another store',
  about: `
- \`import\`: \`importTokens\` of \`--tokens\` rows into \`--store\`, stopped in the middle and run again from the start. \`seconds\`: of
  both runs. \`againSeconds\`: a third run, which finds every key there.
- \`copy\`: \`copyTokens\` of \`--tokens\` tokens from \`--store\` to \`--to\`, while both are read. \`readP99Ms\`: of the reads of single
  tokens meanwhile, in both stores.

\`grownMiB\`: how much more memory was in use at the end than after the first tenth. \`delayP99Ms\`: of the event loop.`,
  cases: Object.keys(CASES),
  options: { rounds: 1, tokens: 100_000, store: 'sqlite', to: 'postgres' },
  bounds: () => [
    { row: 'import', figure: 'grownMiB', atMost: 16, reason: 'rows are read and written a few at a time' },
    { row: 'copy', figure: 'grownMiB', atMost: 16, reason: 'tokens are copied a thousand at a time' },
  ],
  measure({ cases, rounds, store, to }) {
    checkStore(store)
    checkStore(to)
    return measureContenders(cases, { rounds }, ['--expose-gc'])
  },
  async contender(name, options) {
    const prepared = await CASES[name]?.(options)
    if (prepared === undefined) throw new Error(`There is no case ${name}`)
    return prepared
  },
})

async function importAll({ tokens, store }: Options): Promise<Contender> {
  const data = await openData(store)
  return {
    measure: () => importOnce(data, tokens),
    stop: () => data.stop(),
  }
}

async function importOnce(data: BenchData, count: number): Promise<Figures> {
  const store = await connectStore(data.address, { manageTimeout: 60_000 })
  const latchkey = createLatchkey({ store, foreign: [FORMAT], hasher: FAST_HASHER })
  await latchkey.ready()
  const memory = watchMemory(count)
  const loop = watchEventLoop()
  const half = new AbortController()
  const start = performance.now()
  const stopHalfway = async ({ imported }: { imported: number }) => {
    await memory.at(imported)
    if (imported >= count / 2) half.abort(new Error('half of it'))
  }
  const stopped = await latchkey
    .importTokens(rows(count), { onProgress: stopHalfway, signal: half.signal })
    .catch(String)
  expect(String(stopped).includes('half of it'), 'the first run is stopped')
  const onProgress = ({ imported, skipped }: { imported: number; skipped: number }) => memory.at(imported + skipped)
  const done = await latchkey.importTokens(rows(count), { onProgress })
  const seconds = (performance.now() - start) / 1_000
  const { delayP99Ms } = loop.end()
  expect(done.imported + done.skipped === count && done.skipped >= count / 2, 'the second run imports the rest')
  const again = performance.now()
  expect((await latchkey.importTokens(rows(count))).skipped === count, 'a third run finds every key')
  const againSeconds = (performance.now() - again) / 1_000
  expect((await latchkey.verify('legacy_0', { scopes: [SCOPE] })).ok, 'an imported key is let in')
  await latchkey.close()
  await store.close()
  return { seconds, perSecond: count / seconds, againSeconds, grownMiB: memory.grownMiB(), delayP99Ms }
}

function* rows(count: number): Generator<ImportRow> {
  for (let i = 0; i < count; i++) {
    const sha256 = createHash('sha256').update(`legacy_${i}`).digest('hex')
    yield { name: `Key ${i}`, owner: `owner-${i % 1_000}`, scopes: [SCOPE], createdAt: CREATED_AT + i, sha256 }
  }
}

async function copyAll({ tokens, store, to }: Options): Promise<Contender> {
  const [from, target] = [await openData(store), await openData(to)]
  const connection = await connectStore(from.address)
  await insertRecords(await connection.open('default'), tokens)
  await connection.close()
  return {
    measure: () => copyOnce(from, target, tokens),
    stop: () => Promise.all([from.stop(), target.stop()]),
  }
}

async function copyOnce(from: BenchData, to: BenchData, count: number): Promise<Figures> {
  const [source, target] = [await connectStore(from.address), await connectStore(to.address, { manageTimeout: 60_000 })]
  const memory = watchMemory(count)
  const loop = watchEventLoop()
  const start = performance.now()
  let reading: ReturnType<typeof startReading> | undefined
  const result = await copyTokens(source, target, {
    async onProgress({ copied }) {
      reading ??= startReading(await Promise.all([source.open('default'), target.open('default')]))
      await memory.at(copied)
    },
  })
  const seconds = (performance.now() - start) / 1_000
  const times = (await reading?.end()) ?? []
  const { delayP99Ms } = loop.end()
  expect(result.copied === count, 'every token is copied')
  await Promise.all([source.close(), target.close()])
  const readP99Ms = quantile(times, 0.99)
  return { seconds, perSecond: count / seconds, readP99Ms, grownMiB: memory.grownMiB(), delayP99Ms }
}

/** Reads single tokens of both stores, one after another, until it is told to end. Resolves to the times in ms. */
function startReading(stores: readonly EnvironmentStore[]) {
  let ended = false
  const readers = stores.map(async (store) => {
    const sort = { by: 'createdAt', direction: 'asc' } as const
    const ids = [...(await store.list({ filter: {}, sort, limit: 500, count: false })).records].map(({ id }) => id)
    const times: number[] = []
    while (!ended) {
      const start = performance.now()
      expect((await store.find(ids[randomInt(ids.length)] ?? '')) !== undefined, 'a token is there')
      times.push(performance.now() - start)
      await nextTurn()
    }
    return times
  })
  return {
    async end(): Promise<number[]> {
      ended = true
      return (await Promise.all(readers)).flat()
    },
  }
}

/** Looks at the memory in use after the first tenth and at the end. */
function watchMemory(count: number) {
  let [first, last] = [Number.NaN, Number.NaN]
  return {
    async at(done: number): Promise<void> {
      const isFirst = Number.isNaN(first) && done >= count / 10
      if (!isFirst && done < count) return
      last = (await memoryInUse()).bytes
      if (isFirst) first = last
    },
    grownMiB: () => (last - first) / MIB,
  }
}
