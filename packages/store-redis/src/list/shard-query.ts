import type { ListFilter, ListSort } from '@latchkey/core/store'
import type { ShardKeys } from '../keys.js'
import type { Deadline } from '../link.js'
import type { Space } from '../space.js'
import type { Bitmap } from './bitmap.js'
import { parseScore, type Row } from './row.js'

/** One list as one shard answers it. */
export interface ShardQuery {
  readonly space: Space
  readonly keys: ShardKeys
  readonly filter: ListFilter
  readonly sort: ListSort
  readonly after: Row | undefined
  readonly deadline: Deadline
}

/** How large the shard and the filter's parts are. */
export interface Sizes {
  /** All tokens. */
  all: number
  /** Those with the filter's scopes and kind; undefined if it names neither. */
  facets: Bitmap | undefined
  facetCount: number
  /** Those of the owner, and those used within the bounds; undefined if the filter does not say. */
  owned: number | undefined
  inRange: number | undefined
}

/** Bounds of the last use as scores; a token never used (-inf) is within none. */
export function usedBounds({ lastUsed }: ListFilter): { min: number; max: number } {
  return { min: lastUsed?.from ?? -Number.MAX_VALUE, max: lastUsed?.to ?? Number.MAX_VALUE }
}

const PROBE = 2_000

/** The scores of these tokens in an index; undefined where they are not in it. */
export async function scoresIn(
  { space, deadline }: ShardQuery,
  key: string,
  tails: readonly Buffer[],
): Promise<(number | undefined)[]> {
  const scores: (number | undefined)[] = []
  for (let i = 0; i < tails.length; i += PROBE) {
    const members = tails.slice(i, i + PROBE)
    const reply = (await space.link.command(key, ['ZMSCORE', key, ...members], deadline)) as unknown[]
    for (const value of reply) scores.push(value === null ? undefined : parseScore(value))
  }
  return scores
}
