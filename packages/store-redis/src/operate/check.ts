import { randomInt } from 'node:crypto'
import { counted, DamagedRecord } from '@latchkey/core/store'
import { manageDeadline } from '../connection.js'
import { indexEntries, indexMember } from '../index-entries.js'
import type { ShardRef } from '../keys.js'
import type { Keyspace } from '../keyspace.js'
import { readDocuments } from '../read/documents.js'
import { memoryWarnings, scanKeys, send } from './server.js'

/** What `check` found. */
export interface CheckReport {
  /** Whether there are no problems. */
  readonly ok: boolean
  readonly tokens: number
  /** Where indexes and documents disagree; `rebuild()` repairs that. */
  readonly problems: string[]
  /** Settings of server and client that endanger tokens or slow down recovery. */
  readonly warnings: string[]
}

const SAMPLES = 200
const MAX_ROUNDS = 3

/** Compares counts, and of some tokens every index entry. Reads every key name of the servers once. */
export async function check(keyspace: Keyspace): Promise<CheckReport> {
  const problems: string[] = []
  let tokens = 0
  for (const shard of keyspace.dataset.shards) {
    const { publicParts, differences } = await compareCounts(keyspace, shard)
    tokens += publicParts.length
    const missing = await missingEntries(keyspace, shard, publicParts)
    problems.push(...[...differences, ...missing].map((problem) => `${shard.base} ${problem}`))
  }
  const warnings = [...(await memoryWarnings(keyspace)), ...keyspace.connection.client.warnings()]
  return { ok: problems.length === 0, tokens, problems, warnings }
}

interface Counts {
  readonly publicParts: string[]
  readonly differences: string[]
}

/** Counts that were read while somebody wrote say nothing, so they are read again, a few times. */
async function compareCounts(keyspace: Keyspace, shard: ShardRef): Promise<Counts> {
  const count = async (command: string, key: string) => ask(keyspace, command, key)
  for (let round = 1; ; round++) {
    const before = await count('GET', shard.seq)
    const publicParts = await scanKeys(keyspace, shard, 't:')
    let owned = 0
    for (const owner of await scanKeys(keyspace, shard, 'o:')) owned += await count('ZCARD', shard.owner(owner))
    const counts: Record<string, number> = { 'o:*': owned, 'b:live': await count('BITCOUNT', shard.live) }
    for (const key of [shard.created, shard.used, shard.expires, shard.modified, shard.names]) {
      counts[shortName(shard, key)] = await count('ZCARD', key)
    }
    if ((await count('GET', shard.seq)) === before) {
      const differing = Object.entries(counts).filter(([, entries]) => entries !== publicParts.length)
      return {
        publicParts,
        differences: differing.map(([name, n]) => `${name} counts ${n} for ${counted(publicParts.length, 'token')}`),
      }
    }
    if (round === MAX_ROUNDS) return { publicParts, differences: [] }
  }
}

/** Of some tokens, the index entries that are not there. */
async function missingEntries(keyspace: Keyspace, shard: ShardRef, publicParts: readonly string[]): Promise<string[]> {
  const samples = new Set<string>()
  while (samples.size < Math.min(SAMPLES, publicParts.length)) {
    samples.add(publicParts[randomInt(publicParts.length)] ?? '')
  }
  const found = await Promise.all(
    [...samples].map(async (part) => {
      // A token may change between two reads; a fault stays.
      const first = await missingEntriesOf(keyspace, shard, part)
      return first.length === 0 ? [] : missingEntriesOf(keyspace, shard, part)
    }),
  )
  return found.flat()
}

async function missingEntriesOf(keyspace: Keyspace, shard: ShardRef, publicPart: string): Promise<string[]> {
  const [stored] = await readDocuments(keyspace, shard, [publicPart], manageDeadline(keyspace.settings))
  if (stored instanceof DamagedRecord) return [`t:${publicPart} is damaged`]
  if (stored === undefined) return []
  const { number, record } = stored
  const found = await Promise.all(
    [...indexEntries(shard, record), { key: shard.live }].map(async (entry) => {
      const { key, score } = entry
      const name = shortName(shard, key)
      if (score === undefined) {
        return (await ask(keyspace, 'GETBIT', key, String(number))) === 1 ? [] : [`${name} lacks ${record.id}`]
      }
      const member = indexMember(entry, number, publicPart)
      const found = await send(keyspace, 'ZSCORE', key, member)
      const isRight = found !== null && Number(found) === score
      return isRight ? [] : [`${name} lacks ${record.id} or has it in a wrong place`]
    }),
  )
  return found.flat()
}

/** The number that a command on one key replies; 0 for none. */
async function ask(keyspace: Keyspace, command: string, key: string, ...args: string[]): Promise<number> {
  return Number(await send(keyspace, command, key, ...args))
}

function shortName({ base }: ShardRef, key: string): string {
  return key.slice(base.length)
}
