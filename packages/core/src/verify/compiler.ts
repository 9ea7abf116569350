import { LRUCache } from 'lru-cache'
import { compileNetworks, type Networks } from '../policy/cidr.js'
import { compileResources, type ResourceSet } from '../policy/resources.js'
import { compileScopes, type ScopeSet } from '../policy/scopes.js'

/** How many different lists of one kind are remembered. */
const MAX_LISTS = 1_000

/** A list of texts, frozen, with what was compiled from it. */
export interface Compiled<T> {
  readonly list: readonly string[]
  readonly compiled: T
}

/** Compiles the lists of records. Tokens with the same scopes, networks or resources share the result. */
export interface Compiler {
  scopes(list: readonly string[]): Compiled<ScopeSet>
  networks(blocks: readonly string[]): Compiled<Networks>
  resources(list: readonly string[]): Compiled<ResourceSet>
}

export function createCompiler(): Compiler {
  return {
    scopes: remembered(compileScopes),
    networks: remembered(compileNetworks),
    resources: remembered(compileResources),
  }
}

function remembered<T>(compile: (list: readonly string[]) => T): (list: readonly string[]) => Compiled<T> {
  const results = new LRUCache<string, Compiled<T>>({ max: MAX_LISTS })
  return (list) => {
    const key = JSON.stringify(list)
    const known = results.get(key)
    if (known !== undefined) return known
    const result = { list: Object.freeze([...list]), compiled: compile(list) }
    results.set(key, result)
    return result
  }
}
