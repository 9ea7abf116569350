import { expect } from 'vitest'

/**
 * One request of a client, and the answer that it counts on. `{{name}}` stands for what an earlier answer saved; alone
 * in a text it is that value, whatever its type. A member `...` spreads a saved object.
 */
export interface Exchange {
  readonly shows: string
  /** Method and target, not encoded any further than `fetch` does. */
  readonly send: string
  /** More of the query, encoded as forms are. */
  readonly query?: Readonly<Record<string, string>>
  /** The name of a saved token, `none`, or default `admin`. */
  readonly as?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON, as UTF-8 by default. */
  readonly body?: unknown
  /** Sent as it is, in the place of `body`. */
  readonly raw?: string
  readonly status: number
  /** The body of the answer: all of it, or what it holds among other things. */
  readonly answer?: unknown
  readonly including?: object
  readonly answerHeaders?: Readonly<Record<string, unknown>>
  /** How many tokens are listed. */
  readonly listed?: number
  /** Names for parts of the answer: `token`, `apiTokens.0.id`; an empty path is all of it. */
  readonly save?: Readonly<Record<string, string>>
  /** Sent so often. */
  readonly times?: number
  /** True a moment later, since last uses are written behind: asked again until then. */
  readonly eventually?: boolean
}

/** What went over the wire. Bodies are parsed; `undefined`: there was none. */
export interface Observed {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly sent: unknown
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: unknown
}

export type Saved = Record<string, unknown>

/** How a client presents its token. */
export type Credential = (token: string) => Readonly<Record<string, string>>

const PATIENCE = 10_000

/** Performs an exchange at `url`, checks its answer, saves what is asked for, and returns what was seen last. */
export async function perform(
  exchange: Exchange,
  url: string,
  saved: Saved,
  credential: Credential,
): Promise<Observed> {
  const { times = 1, eventually = false, save = {} } = exchange
  await Promise.all(Array.from({ length: times - 1 }, () => send(exchange, url, saved, credential)))
  const deadline = Date.now() + (eventually ? PATIENCE : 0)
  for (;;) {
    const observed = await send(exchange, url, saved, credential)
    try {
      check(exchange, observed, saved)
      for (const [name, path] of Object.entries(save)) saved[name] = part(observed.body, path)
      return observed
    } catch (error) {
      if (Date.now() >= deadline) throw error
    }
  }
}

async function send(exchange: Exchange, url: string, saved: Saved, credential: Credential): Promise<Observed> {
  const [method = '', target = ''] = String(filled(exchange.send, saved)).split(/ (.*)/s)
  const query = new URLSearchParams(filled(exchange.query ?? {}, saved) as Record<string, string>).toString()
  const { as = 'admin', raw } = exchange
  const sent = filled(exchange.body, saved)
  const content = raw ?? (sent === undefined ? undefined : JSON.stringify(sent))
  const place = query === '' ? target : `${target}?${query}`
  const response = await fetch(url + place, {
    method,
    headers: {
      ...(as !== 'none' && credential(String(lookUp(as, saved)))),
      ...(content !== undefined && { 'Content-Type': 'application/json; charset=utf-8' }),
      ...(filled(exchange.headers ?? {}, saved) as Record<string, string>),
    },
    ...(content !== undefined && { body: content }),
  })
  const text = await response.text()
  const body: unknown = text === '' ? undefined : JSON.parse(text)
  return { method, target: place, sent, status: response.status, headers: response.headers, text, body }
}

function check(exchange: Exchange, observed: Observed, saved: Saved): void {
  const { status, answer, including, answerHeaders = {}, listed } = exchange
  expect({ status: observed.status, text: observed.text }).toEqual({ status, text: expect.any(String) })
  expect(observed.headers.get('cache-control')).toBe('no-store')
  if (status === 204) expect(observed.text).toBe('')
  if (answer !== undefined) expect(observed.body).toEqual(filled(answer, saved))
  if (including !== undefined) expect(observed.body).toMatchObject(filled(including, saved) as object)
  for (const [name, value] of Object.entries(answerHeaders)) {
    expect(observed.headers.get(name)).toEqual(filled(value, saved))
  }
  if (listed !== undefined) {
    const items = ['apiTokens', 'results', 'tokens'].flatMap((name) => part(observed.body, name) ?? [])
    expect(items).toHaveLength(listed)
  }
}

/** A copy with everything saved in its place. Matchers stay as they are. */
function filled(value: unknown, saved: Saved): unknown {
  if (typeof value === 'string') return filledText(value, saved)
  if (Array.isArray(value)) return value.map((item) => filled(item, saved))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  const { '...': spread, ...own } = value as Record<string, unknown>
  const members = Object.entries(own).map(([name, member]) => [name, filled(member, saved)])
  return { ...(spread !== undefined && (filled(spread, saved) as object)), ...Object.fromEntries(members) }
}

function filledText(text: string, saved: Saved): unknown {
  const whole = /^\{\{(\w+)\}\}$/.exec(text)?.[1]
  if (whole !== undefined) return lookUp(whole, saved)
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(lookUp(name, saved)))
}

function lookUp(name: string, saved: Saved): unknown {
  if (saved[name] === undefined) throw new Error(`nothing was saved as ${name}`)
  return saved[name]
}

function part(value: unknown, path: string): unknown {
  let found = value
  for (const step of path === '' ? [] : path.split('.')) {
    found = typeof found === 'object' && found !== null ? Reflect.get(found, step) : undefined
  }
  return found
}
