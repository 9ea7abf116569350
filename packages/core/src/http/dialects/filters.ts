import type { ListRequest } from '../../manage/list-request.js'
import { isObject } from '../../option-checks.js'
import { parseSelector } from '../../query/selector.js'
import { parseTimeframe } from '../../query/timeframe.js'
import { err, ok, type Result } from '../../result.js'
import { FLAG, type JsonSchema, TEXT } from './json-schema.js'

/** What a list is narrowed by, in core's words. */
export type Criteria = Omit<ListRequest, 'sort' | 'direction' | 'limit' | 'view'>

type RangeName = 'lastUsed' | 'expires' | 'created'

/** A query parameter of a list that narrows it. */
export interface Filter {
  readonly schema: JsonSchema
  readonly description: string
  /** Whether it may be given more than once: then any one of its values is enough. */
  readonly repeats?: boolean
  /** The end of a range that it is. */
  readonly bound?: { readonly of: RangeName; readonly end: 'from' | 'to' }
  read(text: string, now: number): Result<Criteria>
}

export function owner(): Filter {
  return {
    schema: TEXT,
    description: 'Of this owner.',
    read: (text) => (text === '' ? EMPTY : ok({ owner: text })),
  }
}

export function anyScope(): Filter {
  return {
    schema: TEXT,
    description: 'Holding this literal scope. Given more than once: any one of them.',
    repeats: true,
    read: (text) => (text === '' ? EMPTY : ok({ scopes: [text] })),
  }
}

export function flag(member: 'personal' | 'enabled', description: string): Filter {
  return {
    schema: FLAG,
    description,
    read: (text) => (text === 'true' || text === 'false' ? ok({ [member]: text === 'true' }) : NO_FLAG),
  }
}

export function unusedSince(): Filter {
  return {
    schema: TEXT,
    description: 'Not used since this time; of a token that was never used, created before it.',
    read: (text, now) => map(parseTimeframe(text, now), (at) => ({ unusedSince: at })),
  }
}

/** One end of a range. `untilNow`: a beginning alone lets the range end now. */
export function bound(of: RangeName, end: 'from' | 'to', description: string, untilNow = false): Filter {
  return {
    schema: TEXT,
    description,
    bound: { of, end },
    read: (text, now) =>
      map(parseTimeframe(text, now), (at) => ({ [of]: untilNow ? { from: at, to: now } : { [end]: at } })),
  }
}

export function selector(): Filter {
  return {
    schema: TEXT,
    description: 'Criteria joined by commas: `owner("x")`, `personalAccessToken(true)`, `scope("a","b")`.',
    read: parseSelector,
  }
}

/** Criteria that must all be met. Ranges are put together, and so are scopes. */
export function mergeCriteria(first: Criteria, second: Criteria): Criteria {
  const merged: Record<string, unknown> = { ...first }
  for (const [name, value] of Object.entries(second)) {
    const known = merged[name]
    if (Array.isArray(known) && Array.isArray(value)) merged[name] = [...known, ...value]
    else merged[name] = isObject(known) && isObject(value) ? { ...known, ...value } : value
  }
  return merged
}

const EMPTY = err('must not be empty')
const NO_FLAG = err('must be true or false')

function map<T, U>(result: Result<T>, to: (value: T) => U): Result<U> {
  return result.ok ? ok(to(result.value)) : result
}
