import { randomInt } from 'node:crypto'
import type { TokenRecord } from '@latchkey/core/store'
import { decodeDocument } from './codec.js'
import { indexEntries, indexMember, sortableName, TAIL } from './index-entries.js'
import { parseScore } from './list/row.js'
import { readMany } from './read-many.js'
import { scanKeys } from './scan.js'
import { INFO } from './scripts/operate.js'
import { assertMeta, manageDeadline, type Place, placesOf, type Space } from './space.js'
import { publicPartOf, rawId } from './token-id.js'

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

/** Compares counts, and of some tokens every index entry. Reads every key name of the servers once. */
export async function check(space: Space): Promise<CheckReport> {
  space.link.assertOpen()
  const problems: string[] = []
  let tokens = 0
  for (const place of placesOf(space)) {
    const { found, parts } = await checkCounts(space, place)
    tokens += parts.length
    for (const problem of [
      ...found,
      ...(await checkDocuments(space, place, parts)),
      ...(await checkMembers(space, place)),
    ]) {
      problems.push(`${place.keys.base} ${problem}`)
    }
  }
  return {
    ok: problems.length === 0,
    tokens,
    problems,
    warnings: [...(await memoryWarnings(space)), ...space.link.client.warnings()],
  }
}

/** A memory policy that evicts keys would lose tokens. */
export async function memoryWarnings(space: Space): Promise<string[]> {
  const found = new Set<string>()
  for (const { keys } of placesOf(space)) {
    try {
      const info = String(await space.link.script(INFO, [keys.meta], ['memory'], manageDeadline(space)))
      const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1]
      if (policy !== undefined && policy !== 'noeviction') {
        found.add(`maxmemory-policy is ${policy}: Redis may delete tokens and indexes. Set it to noeviction.`)
      }
    } catch {
      found.add('maxmemory-policy could not be read (INFO is refused); it must be noeviction.')
    }
  }
  return [...found]
}

/** Counts only say something if nothing was written while they were read, so a few times. */
async function checkCounts(space: Space, place: Place): Promise<{ found: string[]; parts: string[] }> {
  const { keys } = place
  const ask = async (key: string, command: string) =>
    Number(await space.link.command(key, [command, key], manageDeadline(space)))
  for (let round = 0; ; round++) {
    const before = await ask(keys.seq, 'GET')
    const parts = await scanKeys(space, place, 't:')
    const owners = await scanKeys(space, place, 'o:')
    const counts: Record<string, number> = { 'b:live': await ask(keys.live, 'BITCOUNT') }
    for (const key of [keys.created, keys.used, keys.expires, keys.modified, keys.names]) {
      counts[key.slice(keys.base.length)] = await ask(key, 'ZCARD')
    }
    let owned = 0
    for (const owner of owners) owned += await ask(keys.owner(owner), 'ZCARD')
    counts['o:*'] = owned
    assertMeta(space, await space.link.command(keys.meta, ['GET', keys.meta], manageDeadline(space)))
    if ((await ask(keys.seq, 'GET')) === before) {
      const differing = Object.entries(counts).filter(([, count]) => count !== parts.length)
      return { found: differing.map(([key, count]) => `${key} has ${count} entries for ${parts.length} tokens`), parts }
    }
    if (round === 2) return { found: [], parts }
  }
}

/** Every index entry that some documents should have. */
async function checkDocuments(space: Space, place: Place, parts: readonly string[]): Promise<string[]> {
  const samples = new Set<string>()
  while (samples.size < Math.min(SAMPLES, parts.length)) samples.add(parts[randomInt(parts.length)] ?? '')
  const found = await Promise.all(
    [...samples].map(async (part) => {
      // A token may change between the two reads; a fault stays.
      const first = await missingEntries(space, place, part)
      return first.length === 0 ? [] : missingEntries(space, place, part)
    }),
  )
  return found.flat()
}

async function missingEntries(space: Space, { keys }: Place, part: string): Promise<string[]> {
  const deadline = manageDeadline(space)
  const [document = null, uses = null] = await readMany(space, [keys.document(part), keys.uses(part)], deadline)
  if (document === null) return []
  const { number, record } = decodeDocument(part, document, uses)
  const entries = [...indexEntries(keys, record), { key: keys.live }]
  const found = await Promise.all(
    entries.map(async (entry) => {
      const { key } = entry
      if (!('score' in entry) || entry.score === undefined) {
        const bit = await space.link.command(key, ['GETBIT', key, String(number)], deadline)
        return Number(bit) === 1 ? [] : [`${key.slice(keys.base.length)} lacks ${record.id}`]
      }
      const score = await space.link.command(key, ['ZSCORE', key, indexMember(entry, number, rawId(part))], deadline)
      const right = score !== null && parseScore(score) === parseScore(entry.score)
      return right ? [] : [`${key.slice(keys.base.length)} lacks ${record.id} or has it in a wrong place`]
    }),
  )
  return found.flat()
}

/** Some members of the indexes that every token is in: each must have its document. */
async function checkMembers(space: Space, { keys }: Place): Promise<string[]> {
  const found: string[] = []
  for (const key of [keys.created, keys.used, keys.expires, keys.modified, keys.names]) {
    const deadline = manageDeadline(space)
    const members = (await space.link.command(key, ['ZRANDMEMBER', key, String(SAMPLES)], deadline)) as Buffer[]
    const parts = members.map((member) => publicPartOf(member.subarray(-TAIL + 4)))
    const documents = parts.length === 0 ? [] : await readMany(space, parts.map(keys.document), deadline)
    for (const [i, member] of members.entries()) {
      const document = documents[i]
      const part = parts[i] ?? ''
      const { number, record } = document ? decodeDocument(part, document, null) : { number: -1, record: undefined }
      const name = key === keys.names
      if (record && number === member.readUInt32BE(member.length - TAIL) && (!name || isNamed(member, record))) continue
      // Removed or renamed since it was drawn?
      if ((await space.link.command(key, ['ZSCORE', key, member], deadline)) === null) continue
      found.push(`${key.slice(keys.base.length)} has an entry without a token: ${part}`)
    }
  }
  return found
}

function isNamed(member: Buffer, record: TokenRecord): boolean {
  return member.subarray(0, -TAIL).equals(sortableName(record.name))
}
