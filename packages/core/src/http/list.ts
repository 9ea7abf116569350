import { quoted, shown, type Violation } from '../errors.js'
import { invalidInput } from '../manage/check-input.js'
import type { OpenPage } from '../manage/list.js'
import type { ListRequest, NextRequest } from '../manage/list-request.js'
import { parseFields, parsePageSize, parseSort } from '../query/parameters.js'
import { parseSelector } from '../query/selector.js'
import { parseTimeframe } from '../query/timeframe.js'
import type { Result } from '../result.js'
import type { Dialect, ListParams } from './dialects/dialect.js'
import { show } from './dialects/resource.js'
import type { HttpResponse } from './message.js'

/** How a list is shown, carried from page to page in its cursors. */
interface View {
  readonly dialect: Dialect['name']
  readonly fields: readonly string[]
}

/**
 * Reads the query of a list in a dialect's words. The raw query is parsed here, because frameworks disagree on repeats
 * and brackets. Throws `RequestError` with every violation, in the dialect's words.
 */
export function readListQuery(dialect: Dialect, search: string, now: number): ListRequest | NextRequest {
  const params = dialect.list
  const query = new URLSearchParams(search)
  const violations = nameViolations(query, params)

  function read<T>(name: string | undefined, parse: (text: string) => Result<T>): T | undefined {
    const text = name === undefined ? null : query.get(name)
    if (name === undefined || text === null) return undefined
    const result = parse(text)
    if (result.ok) return result.value
    violations.push({ path: name, message: `${result.error}. Read was ${quoted(text)}.` })
    return undefined
  }

  const cursor = query.get(params.cursor)
  const limit = read(params.limit, (text) => parsePageSize(text, params.limits))
  const selection = read(params.selector, parseSelector)
  const fields = read(params.fields, (text) => parseFields(text, Object.keys(dialect.resource), dialect.standardFields))
  const from = read(params.from, (text) => parseTimeframe(text, now))
  // With a beginning alone, the list ends now, fixed on its first page.
  const to = read(params.to, (text) => parseTimeframe(text, now)) ?? (from === undefined ? undefined : now)
  const sort = read(params.sort?.name, (text) => parseSort(text, params.sort?.keys ?? {}))
  if (from !== undefined && to !== undefined && from > to) {
    violations.push({ path: params.from ?? '', message: `must not be later than ${params.to}` })
  }
  if (violations.length > 0) throw invalidInput(violations)
  if (cursor !== null) return { cursor, limit }
  const view: View = { dialect: dialect.name, fields: fields ?? dialect.standardFields }
  return {
    ...selection,
    lastUsed: from === undefined && to === undefined ? undefined : { from, to },
    sort: sort?.by,
    direction: sort?.direction,
    limit: limit ?? params.limits.standard,
    view,
  }
}

/**
 * The answer to a list, as the bytes of one JSON object. Each chunk of the page becomes JSON before the next is read, so
 * that a large page does not hold up the event loop, and no more than a chunk of it is alive as objects.
 */
export async function answerList(dialect: Dialect, page: OpenPage): Promise<HttpResponse> {
  try {
    return await writePage(dialect, page)
  } catch (error) {
    page.release()
    throw error
  }
}

async function writePage(dialect: Dialect, page: OpenPage): Promise<HttpResponse> {
  const { status, items, rest } = dialect.listed
  const fields = fieldsOf(dialect, page)
  const parts = [Buffer.from(`{${JSON.stringify(items)}:[`)]
  let separator = ''
  for await (const chunk of page.chunks) {
    const resources = chunk.map((token) => JSON.stringify(show(dialect.resource, token, fields)))
    parts.push(Buffer.from(separator + resources.join()))
    separator = ','
  }
  const members = Object.entries(rest(page)).filter(([, value]) => value !== undefined)
  const written = members.map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`)
  parts.push(Buffer.from(`]${written.join('')}}`))
  return { status, body: Buffer.concat(parts), release: page.release }
}

/** The fields that a page shows. A cursor of another dialect's list is refused. */
function fieldsOf(dialect: Dialect, page: OpenPage): readonly string[] {
  const view = page.view as View | undefined
  if (view?.dialect === dialect.name) return view.fields
  throw invalidInput([{ path: 'cursor', message: 'is not a key that this list gave out' }])
}

function nameViolations(query: URLSearchParams, params: ListParams): Violation[] {
  const { cursor, limit, selector, fields, from, to, sort } = params
  const names = [cursor, limit, selector, fields, from, to, sort?.name].flatMap((name) => name ?? [])
  const counts = new Map<string, number>()
  for (const name of query.keys()) counts.set(name, (counts.get(name) ?? 0) + 1)
  const alone = params.cursorAlone && counts.has(cursor)
  return [...counts].flatMap(([name, count]) => {
    if (!names.includes(name))
      return [{ path: shown(name), message: `is not a parameter of this list: ${names.join(', ')}` }]
    if (count !== 1) return [{ path: name, message: 'is given more than once' }]
    if (alone && name !== cursor) return [{ path: name, message: `must be left out together with ${cursor}` }]
    return []
  })
}
