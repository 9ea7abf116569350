import { RequestError, type Violation } from '../errors.js'
import { invalidInput } from '../manage/check-input.js'
import type { ListRequest, NextRequest, TokenPage } from '../manage/list.js'
import { parseFields, parsePageSize, parseSort } from '../query/parameters.js'
import { parseSelector } from '../query/selector.js'
import { parseTimeframe } from '../query/timeframe.js'
import type { Result } from '../result.js'
import type { Dialect, ListWords } from './dialects/dialect.js'

/** How a listing is shown, carried from page to page in its cursors. */
interface View {
  readonly dialect: Dialect['name']
  readonly fields: readonly string[]
}

/**
 * Reads the query of a list in a dialect's words. The raw query is parsed here, once, since frameworks disagree on
 * repeats and brackets. Throws `RequestError` with every violation, in the dialect's words.
 */
export function readListQuery(dialect: Dialect, search: string, now: number): ListRequest | NextRequest {
  const words = dialect.list
  const given = new URLSearchParams(search)
  const violations: Violation[] = nameViolations(given, words)

  function read<T>(name: string | undefined, parse: (text: string) => Result<T>): T | undefined {
    const text = name === undefined ? null : given.get(name)
    if (name === undefined || text === null) return undefined
    const result = parse(text)
    if (result.ok) return result.value
    violations.push({ path: name, message: result.error })
    return undefined
  }

  const cursor = given.get(words.cursor)
  const limit = read(words.limit, (text) => parsePageSize(text, words.limits))
  const selection = read(words.selector, parseSelector)
  const fields = read(words.fields, (text) => parseFields(text, Object.keys(dialect.resource), dialect.standardFields))
  const from = read(words.from, (text) => parseTimeframe(text, now))
  // From a beginning alone on: until now, fixed on the first page.
  const to = read(words.to, (text) => parseTimeframe(text, now)) ?? (from === undefined ? undefined : now)
  const sort = read(words.sort?.name, (text) => parseSort(text, words.sort?.keys ?? {}))
  if (from !== undefined && to !== undefined && from > to) {
    violations.push({ path: words.from ?? '', message: `must not be later than ${words.to}` })
  }
  if (violations.length > 0) throw invalidInput(violations)
  if (cursor !== null) return { cursor, ...(limit !== undefined && { limit }) }
  const view: View = { dialect: dialect.name, fields: fields ?? dialect.standardFields }
  return {
    ...selection,
    usedFrom: from,
    usedTo: to,
    sort: sort?.by,
    direction: sort?.direction,
    limit: limit ?? words.limits.standard,
    view,
  }
}

/** The fields that a page shows. A cursor of another dialect's list is refused. */
export function fieldsOf(dialect: Dialect, page: Pick<TokenPage, 'view'>): readonly string[] {
  const view = page.view as View | undefined
  if (view?.dialect === dialect.name) return view.fields
  throw invalidInput([{ path: dialect.list.cursor, message: 'is not a key that this list gave out' }])
}

/** Violations of a listing in a dialect's words. */
export function inListWords(words: ListWords, error: RequestError): RequestError {
  const names: Record<string, string | undefined> = { cursor: words.cursor, limit: words.limit }
  const violations = error.violations.map(({ path, message }) => ({ path: names[path] ?? path, message }))
  return new RequestError(error.code, error.message, violations)
}

function nameViolations(given: URLSearchParams, words: ListWords): Violation[] {
  const { cursor, limit, selector, fields, from, to, sort } = words
  const known = [cursor, limit, selector, fields, from, to, sort?.name]
  const times = new Map<string, number>()
  for (const name of given.keys()) times.set(name, (times.get(name) ?? 0) + 1)
  const names = [...times.keys()]
  const alone = words.cursorAlone && names.includes(cursor)
  return names.flatMap((name) => {
    if (!known.includes(name)) return [{ path: name, message: 'is not a parameter of this list' }]
    if (times.get(name) !== 1) return [{ path: name, message: 'is given more than once' }]
    if (alone && name !== cursor) return [{ path: name, message: `must be left out together with ${cursor}` }]
    return []
  })
}
