import { LRUCache } from 'lru-cache'
import { compileNetworks, type Networks } from '../policy/cidr.js'
import { compileScopes, type ScopeSet } from '../policy/scopes.js'

/** Many tokens hold the same scopes and networks: what is compiled once serves them all. */
const MOST = 1_000
const scopeSets = new LRUCache<string, ScopeSet>({ max: MOST })
const lists = new LRUCache<string, readonly string[]>({ max: MOST })
const networkSets = new LRUCache<string, Networks>({ max: MOST })

/** The same list for all that hold the same texts. */
export function sharedList(texts: readonly string[]): readonly string[] {
  return shared(lists, texts, (fresh) => Object.freeze([...fresh]))
}

export function scopeSet(scopes: readonly string[]): ScopeSet {
  return shared(scopeSets, scopes, compileScopes)
}

export function networkSet(blocks: readonly string[]): Networks {
  return shared(networkSets, blocks, compileNetworks)
}

function shared<T extends object>(
  known: LRUCache<string, T>,
  texts: readonly string[],
  compile: (texts: readonly string[]) => T,
): T {
  const key = JSON.stringify(texts)
  const found = known.get(key)
  if (found !== undefined) return found
  const made = compile(texts)
  known.set(key, made)
  return made
}
