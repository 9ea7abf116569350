import { runBenchmark } from './harness/benchmark.js'
import type { Bound } from './harness/bounds.js'
import { measureContenders } from './harness/rounds.js'
import { sliceOf } from './harness/verifications.js'
import { CONTENDERS } from './verify/contenders.js'

const BOUNDS: readonly Omit<Bound, 'figure'>[] = [
  { row: 'latchkey', per: 'floor', atMost: 1.15, reason: 'the checks cost little beside the hash' },
  { row: 'latchkey-10k', per: 'floor-10k', atMost: 1.3, reason: 'an entry of the cache is small' },
  { row: 'latchkey', per: 'latchkey-untracked', atMost: 1.1, reason: 'the last use is a few writes' },
  { row: 'latchkey-cidr4', less: 'latchkey', atMost: 150, reason: 'networks are compiled on load' },
  { row: 'latchkey-ipv6', less: 'latchkey', atMost: 250, reason: 'a repeated address is not parsed again' },
  { row: 'latchkey-resource', less: 'latchkey', atMost: 150, reason: 'resources are compiled on load' },
  { row: 'latchkey-cidr4-100', per: 'latchkey-cidr4-1', atMost: 1.5, reason: 'networks are searched, not walked' },
  { row: 'latchkey-cidr4-100-mapped', per: 'latchkey-cidr4-1', atMost: 1.5, reason: 'mapped IPv4 is IPv4' },
  { row: 'foreign-sha256', per: 'latchkey', atMost: 1.3, reason: 'a foreign key is matched, and else as any token' },
  { row: 'latchkey-beside-foreign', per: 'latchkey', atMost: 1.1, reason: 'tokens of ours are not matched' },
  { row: 'foreign-junk', per: 'floor', atMost: 0.3, reason: 'junk is refused before it is hashed' },
  { row: 'latchkey-wrong-secret', per: 'floor', atMost: 1.5, reason: 'guesses cost no more than good tokens' },
  { row: 'latchkey-junk', per: 'floor', atMost: 0.3, reason: 'junk is refused before it is hashed' },
  { row: 'passport-http-bearer', per: 'latchkey', atLeast: 1.6, reason: 'ahead of every peer' },
  { row: 'prefixed-api-key', per: 'latchkey', atLeast: 2, reason: 'ahead of every peer' },
  { row: 'jsonwebtoken-hs256', per: 'latchkey', atLeast: 7, reason: 'ahead of every peer' },
  { row: 'jose-hs256', per: 'latchkey', atLeast: 7, reason: 'ahead of every peer' },
  { row: 'better-auth', per: 'latchkey', atLeast: 100, reason: 'ahead of every peer' },
]

await runBenchmark({
  name: 'verify',
  title: 'One verification, in process',
  about: `
\`floor\` is the least that any check of an opaque token must do: take it apart, hash it, look it up, compare. The rows of
Latchkey are \`verifyCached\` (\`verify\` in \`latchkey-async\`) of a token that was verified before, unless the name says
otherwise; in \`-10k\` 10,000 tokens are used in turn. Each contender has a process of its own, so that what the compiler learns
from one does not slow down another. \`ns\` is the median over interleaved rounds.`,
  cases: Object.keys(CONTENDERS),
  options: { rounds: 99 },
  bounds: () => BOUNDS.map((bound) => ({ figure: 'ns', ...bound })),
  async measure({ cases, rounds }) {
    const rows = await measureContenders(cases, { rounds, starts: 3 })
    const floor = rows.find(({ name }) => name === 'floor')
    return rows.map((row) => ({ ...row, ...(floor && { ofFloor: Number(row.ns) / Number(floor.ns) }) }))
  },
  async contender(name) {
    const prepared = await CONTENDERS[name]?.()
    if (prepared === undefined) throw new Error(`There is no contender ${name}`)
    const slice = await sliceOf(prepared)
    return { measure: async () => ({ ns: await slice() }) }
  },
})
