import type { OpenPage } from '../manage/list.js'
import type { Dialect } from './dialects/dialect.js'
import { show } from './dialects/resource.js'
import { fieldsOf } from './list-query.js'
import type { HttpResponse } from './message.js'

/**
 * The answer to a list, as the bytes of one JSON object. Each chunk of the page becomes JSON before the next is read, so
 * that a large page does not hold up the event loop, and no more than a chunk of it is alive as objects.
 */
export async function listAnswer(dialect: Dialect, page: OpenPage): Promise<HttpResponse> {
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
  return { status, body: Buffer.concat(parts) }
}
