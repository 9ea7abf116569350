import { type Bitmap, countBits, intersect, union, without } from './bitmap.js'
import { formatScore } from './row.js'
import { type ShardQuery, type Sizes, usedBounds } from './shard-query.js'

/** Asks for all sizes at once: one round trip. */
export async function measure(query: ShardQuery): Promise<Sizes> {
  const { space, keys, filter, deadline } = query
  const { owner, personal, scopes, lastUsed } = filter
  const ask = async (key: string, ...args: string[]) => space.link.command(key, args, deadline)
  const bitmap = async (key: string): Promise<Bitmap> =>
    ((await ask(key, 'GET', key)) as Buffer | null) ?? new Uint8Array()
  const { min, max } = usedBounds(filter)
  const [all, owned, inRange, personals, live, ...byScope] = await Promise.all([
    ask(keys.created, 'ZCARD', keys.created).then(Number),
    owner === undefined ? undefined : ask(keys.owner(owner), 'ZCARD', keys.owner(owner)).then(Number),
    lastUsed === undefined
      ? undefined
      : ask(keys.used, 'ZCOUNT', keys.used, formatScore(min), formatScore(max)).then(Number),
    personal === undefined ? undefined : bitmap(keys.personal),
    personal === false && scopes === undefined ? bitmap(keys.live) : undefined,
    ...(scopes ?? []).map(async (scope) => bitmap(keys.scope(scope))),
  ])
  let facets = scopes === undefined ? live : union(byScope)
  if (personals) {
    if (personal === true) facets = facets === undefined ? personals : intersect(facets, personals)
    else facets = without(facets ?? new Uint8Array(), personals)
  }
  return { all, facets, facetCount: facets === undefined ? all : countBits(facets), owned, inRange }
}
