import type { TokenFilter } from '@latchkey/core'
import { parseTimeframe } from '@latchkey/core/adapter'
import type { Command } from 'commander'
import { misused } from './failures.js'
import { collect } from './options.js'

/** The options by which commands say which tokens are meant. */
export interface FilterOptions {
  readonly owner?: string
  readonly scope?: readonly string[]
  readonly personal?: boolean
  readonly enabled?: boolean
  readonly createdAfter?: string
  readonly createdBefore?: string
  readonly expiresAfter?: string
  readonly expiresBefore?: string
  readonly lastUsedAfter?: string
  readonly lastUsedBefore?: string
  readonly unusedSince?: string
}

export function withFilter(command: Command): Command {
  return command
    .option('--owner <owner>', 'of this owner')
    .option('--scope <scope>', 'holding this literal scope; given more than once, any one of them', collect)
    .option('--personal', 'personal tokens')
    .option('--no-personal', 'other tokens')
    .option('--enabled', 'enabled tokens')
    .option('--no-enabled', 'disabled tokens')
    .option('--created-after <time>', 'a time is 2026-12-01, 2026-12-01T10:00Z, or relative as in now-30d')
    .option('--created-before <time>')
    .option('--expires-after <time>')
    .option('--expires-before <time>')
    .option('--last-used-after <time>')
    .option('--last-used-before <time>')
    .option('--unused-since <time>', 'not used since; of those that never were, created before')
}

export function filterOf(options: FilterOptions, now: number): TokenFilter {
  const at = (name: string, text: string | undefined) => (text === undefined ? undefined : readTime(name, text, now))
  const range = (name: string, after: string | undefined, before: string | undefined) => {
    const [from, to] = [at(`${name}-after`, after), at(`${name}-before`, before)]
    return from === undefined && to === undefined ? undefined : { from, to }
  }
  const filter: TokenFilter = {
    owner: options.owner,
    scopes: options.scope,
    personal: options.personal,
    enabled: options.enabled,
    created: range('created', options.createdAfter, options.createdBefore),
    expires: range('expires', options.expiresAfter, options.expiresBefore),
    lastUsed: range('last-used', options.lastUsedAfter, options.lastUsedBefore),
    unusedSince: at('unused-since', options.unusedSince),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

/** Epoch milliseconds. `name`: of the option. */
export function readTime(name: string, text: string, now: number): number {
  const read = parseTimeframe(text, now)
  if (!read.ok) throw misused(`--${name} ${read.error}.`)
  return read.value
}
