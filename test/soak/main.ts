// Mixed traffic on two nodes while things break: --minutes 15 | --seconds n, --store redis, --seed n, --json
import { parseArgs } from 'node:util'
import type { Memory } from './protocol.js'
import { type SoakResult, soak } from './soak.js'
import { STORES, type StoreName } from './store.js'

interface Settings {
  readonly store: StoreName
  readonly seconds: number
  readonly seed: number
  readonly json: boolean
}

const settings = readArguments()
const { store, seconds, seed, json } = settings
const result = await soak(store, 1_000 * seconds, seed)
const { tally, ...rest } = result
process.stdout.write(json ? `${JSON.stringify({ store, seconds, seed, ...rest, ...tally })}\n` : text(result))
if (tally.wrong > 0 || result.leaks.length > 0) process.exitCode = 1

/** Reads the command line. Ends the process with a sentence if it cannot be understood. */
function readArguments(): Settings {
  const values = parse()
  const found = STORES.find((name) => name === values.store)
  if (found === undefined) fail(`--store must be one of ${STORES.join(', ')}, not ${values.store}`)
  const duration = Number(values.seconds ?? 60 * Number(values.minutes))
  if (!(duration > 0)) fail('--minutes and --seconds must be numbers above 0')
  const chosen = Number(values.seed)
  if (!(Number.isSafeInteger(chosen) && chosen >= 0)) fail('--seed must be a whole number from 0')
  return { store: found, seconds: duration, seed: chosen, json: values.json }
}

function parse() {
  const options = {
    minutes: { type: 'string', default: '15' },
    seconds: { type: 'string' },
    store: { type: 'string', default: 'redis' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
  } as const
  try {
    return parseArgs({ options }).values
  } catch (error) {
    return fail((error as Error).message)
  }
}

function text({ tally, faults, memory, leaks }: SoakResult): string {
  const { verifications, writes, refused, unavailable, uncertain, late, wrong, clients, answers, details } = tally
  const lines = [
    `soak: ${store}, ${seconds} s, seed ${seed}`,
    `faults:        ${counts(faults)}`,
    `verifications: ${total(verifications)} (${counts(verifications)})`,
    `               without a verdict: ${unavailable.inFaults} in faults, ${unavailable.otherwise} otherwise`,
    `writes:        ${total(writes)} (${counts(writes)})`,
    `               refused: ${counts(refused)}; outcome unknown: ${uncertain}`,
    `clients:       ${total(clients)} (${counts(clients)})`,
    `               answers to slow bodies: ${counts(answers)}`,
    ...memory.map(({ node, seconds: age, early, end }, i) => {
      const growth = early === undefined ? 'too young to judge' : `${mib(early)} after its warm-up`
      return `${(i === 0 ? 'memory:' : '').padEnd(14)} ${node}, ${Math.round(age)} s: ${growth}, ${mib(end)} at the end`
    }),
    `late verdicts: ${late} (within the bound, though changes should have come sooner)`,
    `wrong:         ${wrong}`,
    ...details,
    `left over:     ${leaks.length === 0 ? 'nothing' : leaks.length}`,
    ...leaks,
  ]
  return `${lines.join('\n')}\n`
}

function mib(memory: Memory | undefined): string {
  return memory === undefined ? 'unknown' : `${Math.round(memory.resident)} MiB (${Math.round(memory.inUse)} in use)`
}

function total(numbers: Readonly<Record<string, number>>): number {
  return Object.values(numbers).reduce((sum, number) => sum + number, 0)
}

function counts(numbers: Readonly<Record<string, number>>): string {
  return Object.entries(numbers)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, number]) => `${name} ${number}`)
    .join(', ')
}

function fail(sentence: string): never {
  process.stderr.write(`latchkey: ${sentence}\n`)
  process.exit(2)
}
