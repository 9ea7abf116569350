import { compact } from '../compact.js'
import { quoted, shown, type Violation } from '../errors.js'
import { invalidInput } from '../manage/check-input.js'
import type { OpenPage } from '../manage/list.js'
import type { ListRequest, NextRequest } from '../manage/list-request.js'
import { parseFields, parsePageSize, parseSort } from '../query/parameters.js'
import type { Result } from '../result.js'
import type { Dialect, ListParams } from './dialects/dialect.js'
import { type Criteria, mergeCriteria } from './dialects/filters.js'
import { show } from './dialects/resource.js'
import type { HttpResponse } from './message.js'

/** How a list is shown, carried from page to page in its cursors. */
interface View {
  readonly dialect: Dialect['name']
  /** Absent: the standard ones. */
  readonly fields?: readonly string[]
}

/** With more, a cursor that holds them might not fit into the headers of a request. */
const MAX_CRITERIA_BYTES = 6_000

/**
 * Reads the query of a list in a dialect's words. The raw query is parsed here, because frameworks disagree on repeats
 * and brackets. Throws `RequestError` with every violation, in the dialect's words.
 */
export function readListQuery(dialect: Dialect, search: string, now: number): ListRequest | NextRequest {
  const params = dialect.list
  const query = new URLSearchParams(search)
  const violations = nameViolations(query, params)

  function read<T>(name: string, text: string | null, parse: (text: string) => Result<T>): T | undefined {
    if (text === null) return undefined
    const result = parse(text)
    if (result.ok) return result.value
    violations.push({ path: name, message: `${result.error}. Read was ${quoted(text)}.` })
    return undefined
  }

  function readOne<T>(name: string | undefined, parse: (text: string) => Result<T>): T | undefined {
    return name === undefined ? undefined : read(name, query.get(name), parse)
  }

  const cursor = query.get(params.cursor)
  const limit = readOne(params.limit, (text) => parsePageSize(text, params.limits))
  const criteria = Object.entries(params.filters)
    .flatMap(([name, filter]) => query.getAll(name).map((text) => read(name, text, (each) => filter.read(each, now))))
    .reduce<Criteria>((all, each) => mergeCriteria(all, each ?? {}), {})
  const fields = readOne(params.fields, (text) =>
    parseFields(text, Object.keys(dialect.resource), dialect.standardFields),
  )
  const sort = readOne(params.sort?.name, (text) => parseSort(text, params.sort?.keys ?? {}))
  violations.push(...criteriaViolations(criteria, params))
  if (violations.length > 0) throw invalidInput(violations)
  if (cursor !== null) return { cursor, limit }
  const view: View = compact({ dialect: dialect.name, fields })
  return {
    ...criteria,
    sort: sort?.by,
    direction: sort?.direction,
    limit: limit ?? params.limits.standard,
    view,
  }
}

/**
 * The answer to a list, as the bytes of one JSON object. Each chunk of the page becomes JSON before the next is read,
 * so that a large page does not hold up the event loop, and no more than a chunk of it is alive as objects.
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
  if (view?.dialect === dialect.name) return view.fields ?? dialect.standardFields
  throw invalidInput([{ path: 'cursor', message: 'is not a key that this list gave out' }])
}

function nameViolations(query: URLSearchParams, params: ListParams): Violation[] {
  const { cursor, limit, filters, fields, sort } = params
  const names = [cursor, limit, ...Object.keys(filters), fields, sort?.name].flatMap((name) => name ?? [])
  const counts = new Map<string, number>()
  for (const name of query.keys()) counts.set(name, (counts.get(name) ?? 0) + 1)
  const mayStandBeside = params.cursorAlone ? [cursor] : [cursor, limit]
  return [...counts].flatMap(([name, count]) => {
    if (!names.includes(name))
      return [{ path: shown(name), message: `is not a parameter of this list: ${names.join(', ')}` }]
    if (count !== 1 && filters[name]?.repeats !== true) return [{ path: name, message: 'is given more than once' }]
    if (counts.has(cursor) && !mayStandBeside.includes(name))
      return [{ path: name, message: `must be left out together with ${cursor}` }]
    return []
  })
}

/** Ranges that end before they begin, and more than fits into a cursor. */
function criteriaViolations(criteria: Criteria, { filters }: ListParams): Violation[] {
  const bounds = Object.entries(filters)
  const violations = bounds.flatMap(([path, { bound }]) => {
    const { from, to } = (bound?.end === 'from' && criteria[bound.of]) || {}
    if (from === undefined || to === undefined || from <= to) return []
    const [end] = bounds.find(([, other]) => other.bound?.of === bound?.of && other.bound?.end === 'to') ?? []
    const read = `${new Date(from).toISOString()} and ${new Date(to).toISOString()}`
    return [{ path, message: `must not be later than ${end}. Read were ${read}.` }]
  })
  if (Buffer.byteLength(JSON.stringify(criteria)) <= MAX_CRITERIA_BYTES) return violations
  return [...violations, { path: '', message: `The filters must have at most ${MAX_CRITERIA_BYTES} bytes.` }]
}
