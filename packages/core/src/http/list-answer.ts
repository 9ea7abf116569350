import type { OpenPage } from '../manage/list.js'
import type { ApiToken } from '../types.js'
import type { Dialect } from './dialects/dialect.js'
import { show } from './dialects/resource.js'
import { fieldsOf } from './list-query.js'
import type { HttpResponse } from './message.js'

/**
 * The answer of a list, as bytes. Each part of the page becomes JSON as it is read, so that the event loop has its turns
 * in between, and what lives on lies outside the heap.
 */
export async function listAnswer(dialect: Dialect, page: OpenPage): Promise<HttpResponse> {
  const { status, items, others } = dialect.listed
  const fields = fieldsOf(dialect, page)
  const json = (token: ApiToken) => JSON.stringify(show(dialect.resource, token, fields))
  const envelope = JSON.stringify({ [items]: [], ...others(page) })
  const end = envelope.indexOf(']')
  const parts = [Buffer.from(envelope.slice(0, end))]
  for await (const tokens of page.tokens) {
    parts.push(Buffer.from(`${parts.length > 1 ? ',' : ''}${tokens.map(json).join()}`))
  }
  parts.push(Buffer.from(envelope.slice(end)))
  return { status, body: Buffer.concat(parts) }
}
