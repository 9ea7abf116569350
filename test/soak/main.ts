import { parseArgs } from 'node:util'
import { type SoakResult, STORES, type StoreKind, soak } from './soak.js'

// Mixed traffic on two nodes while things break: --minutes 15 | --seconds n, --store redis, --seed n, --json

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '15' },
    seconds: { type: 'string' },
    store: { type: 'string', default: 'redis' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds ?? 60 * Number(values.minutes))
const store = STORES.find((kind) => kind === values.store)
if (store === undefined) fail(`--store must be one of ${STORES.join(', ')}, not ${values.store}`)
if (!(seconds > 0)) fail('--minutes and --seconds must be numbers above 0')

const result = await soak(store as StoreKind, 1_000 * seconds, Number(values.seed))
const { tally, faults } = result
const summary = { store, seconds, seed: Number(values.seed), faults, ...tally }
process.stdout.write(values.json ? `${JSON.stringify(summary)}\n` : text(result))
if (tally.wrong > 0) process.exitCode = 1

function text({
  tally: { verifications, writes, refused, unavailable, uncertain, late, wrong, details },
}: SoakResult): string {
  const lines = [
    `soak: ${store}, ${seconds} s, seed ${values.seed}`,
    `faults:        ${counts(faults)}`,
    `verifications: ${total(verifications)} (${counts(verifications)})`,
    `               without a verdict: ${unavailable.inFaults} in faults, ${unavailable.otherwise} otherwise`,
    `writes:        ${total(writes)} (${counts(writes)})`,
    `               refused: ${counts(refused)}; outcome unknown: ${uncertain}`,
    `late verdicts: ${late} (within the bound, though changes should have come sooner)`,
    `wrong:         ${wrong}`,
    ...details,
  ]
  return `${lines.join('\n')}\n`
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
