import type { ListFilter, ListPage, ListQuery, ListSort, TokenRecord } from '@latchkey/core/store'
import { decodeDocument } from '../codec.js'
import type { Deadline } from '../link.js'
import { readMany } from '../read-many.js'
import { assertMeta, manageDeadline, placeOf, placesOf, type Space } from '../space.js'
import { plan } from './plan.js'
import { decodePosition, encodePosition, numberOf, publicPartIn, type Row, rowOf, rowOrder, tailOf } from './row.js'
import { mergeSources } from './source.js'

/** Tokens per MGET, each with its document and its uses: a page of 200, and the one that tells whether there are more. */
const CHUNK = 250

interface Candidate {
  row: Row
  record: TokenRecord
}

/** One page: plain bounded reads, planned here. The longest single command does not grow with the number of tokens. */
export async function list(space: Space, query: ListQuery): Promise<ListPage> {
  space.link.assertOpen()
  const { filter, sort, limit, count } = query
  const after = query.after === undefined ? undefined : decodePosition(query.after)
  const deadline = manageDeadline(space)
  const wanted = limit + 1
  const plans = await Promise.all(
    placesOf(space).map(async ({ keys }, _, { length }) =>
      plan({ space, keys, filter, sort, after, deadline }, Math.ceil(wanted / length), count),
    ),
  )
  const source = mergeSources(
    plans.map((shard) => shard.source),
    rowOrder(sort),
  )
  const good: Candidate[] = []
  while (good.length < wanted && !source.done()) {
    const rows = await source.read(wanted - good.length)
    for (const candidate of await readRecords(space, rows, deadline)) {
      if (isMatch(candidate.record, filter) && isCurrent(candidate, sort)) good.push(candidate)
    }
  }
  // An emptied Redis has no rows either. Asked last, so that all that was read before came from this data set.
  await Promise.all(
    placesOf(space).map(async ({ keys }) =>
      assertMeta(space, await space.link.command(keys.meta, ['GET', keys.meta], deadline)),
    ),
  )
  const page = good.slice(0, limit)
  const last = page.at(-1)
  const result: ListPage = { records: page.map(({ record }) => record) }
  if (last && good.length > limit) result.next = encodePosition(last.row)
  if (count) result.totalCount = plans.reduce((sum, shard) => sum + (shard.count ?? 0), 0)
  return result
}

/** The records of the rows that still have one, in the order of the rows. */
async function readRecords(space: Space, rows: readonly Row[], deadline: Deadline): Promise<Candidate[]> {
  const found: (Candidate | undefined)[] = new Array(rows.length).fill(undefined)
  const chunks: Chunk[] = []
  const open = new Map<number, Chunk>()
  for (const [index, row] of rows.entries()) {
    const part = publicPartIn(row)
    const { shard, keys } = placeOf(space, part)
    let chunk = open.get(shard)
    if (chunk === undefined || chunk.rows.length === CHUNK) {
      chunk = { rows: [], keys: [] }
      open.set(shard, chunk)
      chunks.push(chunk)
    }
    chunk.rows.push({ index, row, part })
    chunk.keys.push(keys.document(part), keys.uses(part))
  }
  await Promise.all(
    chunks.map(async ({ rows: wanted, keys }) => {
      const values = await readMany(space, keys, deadline)
      for (const [i, { index, row, part }] of wanted.entries()) {
        const document = values[2 * i]
        if (!document) continue
        const { number, record } = decodeDocument(part, document, values[2 * i + 1] ?? null)
        // Another number: the row is left over from an earlier token with this id.
        if (number === numberOf(row)) found[index] = { row, record }
      }
    }),
  )
  return found.filter((candidate) => candidate !== undefined)
}

/** Rows of one shard, read by one command. */
interface Chunk {
  readonly rows: { index: number; row: Row; part: string }[]
  readonly keys: string[]
}

/** A row under a name that the token has no more would show the token twice. */
function isCurrent({ row, record }: Candidate, sort: ListSort): boolean {
  return sort.by !== 'name' || rowOf(record, tailOf(row), sort).member.equals(row.member)
}

function isMatch(record: TokenRecord, { owner, personal, scopes, lastUsed }: ListFilter): boolean {
  if (owner !== undefined && record.owner !== owner) return false
  if (personal !== undefined && record.personal !== personal) return false
  if (scopes !== undefined && !scopes.some((scope) => record.scopes.includes(scope))) return false
  if (lastUsed === undefined) return true
  const { from = 0, to = Number.POSITIVE_INFINITY } = lastUsed
  return record.lastUsedAt !== undefined && record.lastUsedAt >= from && record.lastUsedAt <= to
}
