import { createRouter, encodeResponse, type RoutesOptions } from '../../src/adapter.js'
import type { DialectName, Latchkey } from '../../src/index.js'

export const MOUNT = '/api/v2/apiTokens'

export interface Call {
  /** Method, path below the mount, and query: `GET /self?x=1`. */
  readonly line: string
  /** The token presented as a bearer. */
  readonly by?: string | undefined
  /** A JSON value. Absent: no body is announced. */
  readonly body?: unknown
  /** The body as it comes, in place of `body`. */
  readonly raw?: () => Promise<unknown>
  readonly headers?: Readonly<Record<string, string>>
  readonly ip?: string
  readonly dialect?: DialectName
  readonly authorize?: RoutesOptions<undefined>['authorize']
  /** Further options of the router. */
  readonly options?: RoutesOptions<undefined>
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** As a client reads it: `undefined` for an empty one. */
  readonly body: unknown
}

/** One request to the management router, answered down to its JSON. */
export async function call(latchkey: Latchkey, request: Call): Promise<Answered> {
  const { line, by, body, raw, ip = '192.0.2.1', dialect = 'dynatrace', authorize } = request
  const [, method = '', path = '', search = ''] = /^([A-Z]+) ([^?]*)(.*)$/s.exec(line) ?? []
  const announced = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': '2' }
  const headers = { ...announced, ...(by !== undefined && { authorization: `Bearer ${by}` }), ...request.headers }
  const router = createRouter({ dialect, authorize, ...request.options })
  const answer = await router(
    latchkey,
    {
      ...{ method, mount: MOUNT, path, search, headers, ip },
      rawHeaders: Object.entries(headers).flat(),
      body: raw ?? (async () => (body === undefined ? undefined : JSON.parse(JSON.stringify(body)))),
    },
    undefined,
  )
  if (answer === undefined) throw new Error(`${line} is not ours`)
  const { status, headers: sent, body: json } = encodeResponse(answer)
  return { status, headers: sent, body: json === '' ? undefined : (JSON.parse(json.toString()) as unknown) }
}

/** A member of an answer's body. */
export function member(answer: Answered, name: string): string {
  const { body } = answer
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
  if (typeof value !== 'string') throw new Error(`no text ${name} in ${JSON.stringify(answer)}`)
  return value
}

/** The places of an answer's violations in the Dynatrace dialect. */
export function places(answer: Answered): string[] {
  const { error } = answer.body as { error: { constraintViolations?: { path: string }[] } }
  return (error.constraintViolations ?? []).map(({ path }) => path).toSorted()
}
