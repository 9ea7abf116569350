import { beforeAll, describe, expect, test } from 'vitest'
import { createRouter, encodeResponse } from '../../src/adapter.js'
import { dynatrace } from '../../src/http/dialects/dynatrace.js'
import { answerList } from '../../src/http/list.js'
import { type ApiToken, StoreError } from '../../src/index.js'
import { call, MOUNT } from '../support/call.js'
import { type TestInstance, testInstance } from '../support/instance.js'
import { countTurns, holdUp, published } from '../support/outcome.js'
import { storedRecords, testStore } from '../support/store.js'

const authorize = () => ({ owner: 'ada', scopes: ['*'] })
const COUNT = 350

let set: TestInstance
let by: string

beforeAll(async () => {
  set = testInstance()
  for (let i = 0; i < COUNT; i++) {
    const { token } = await set.latchkey.create({ name: `é${i} "\u{1F600}`, owner: 'ada', scopes: ['*'] })
    by = token
  }
})

/** The same data in a store that does something before each record of a page is read. */
function withEach(each: (n: number) => void): TestInstance {
  const store = testStore(set.data, (opened) => ({
    async list(query) {
      const page = await opened.list(query)
      function* records() {
        let n = 0
        for (const record of page.records) {
          each(n++)
          yield record
        }
      }
      return { ...page, records: records() }
    },
  }))
  return testInstance({ store, data: set.data })
}

/** Each hundred records take longer than a turn of the event loop may be held up. */
function slow(n: number): void {
  if (n % 100 === 0) holdUp()
}

async function turnsWhile<T>(work: () => Promise<T>): Promise<[turns: number, result: T]> {
  const turns = countTurns()
  const result = await work()
  await turns.stop()
  return [turns.count(), result]
}

describe.each([
  ['dynatrace', '?pageSize=10000', 'apiTokens'],
  ['panther', '?limit=1000', 'results'],
] as const)('in the words of %s', (dialect, search, items) => {
  test('a large page is one JSON text with a length, and the event loop has its turns meanwhile', async () => {
    const parts = { method: 'GET', mount: MOUNT, path: '', search, headers: {}, rawHeaders: [], ip: undefined }
    const { latchkey } = withEach(slow)
    const [turns, answer] = await turnsWhile(async () =>
      createRouter({ dialect, authorize })(latchkey, { ...parts, body: async () => undefined }, undefined),
    )
    expect(turns).toBeGreaterThanOrEqual(3)
    const { status, headers, body } = encodeResponse(answer ?? { status: 404 })
    expect(status).toBe(200)
    expect(headers).toEqual({
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(body)),
    })
    const page = JSON.parse(body.toString()) as Record<string, { id: string; name: string }[]>
    const tokens = (await set.latchkey.list({ limit: 1_000 })).tokens.map(({ id, name }) => ({ id, name }))
    expect(page[items]?.map(({ id, name }) => ({ id, name }))).toEqual(tokens)
    expect(tokens).toHaveLength(COUNT)
    expect(JSON.stringify(page)).toBe(body.toString())
  })
})

test('each chunk is JSON before the next is asked for', async () => {
  const [token] = (await set.latchkey.list({ limit: 1 })).tokens
  const steps: string[] = []
  async function* tokens() {
    for (const n of [1, 2, 3]) {
      steps.push(`asked for ${n}`)
      const shown = () => {
        steps.push(`made ${n}`)
        return `n${n}`
      }
      yield [Object.defineProperty({ ...token }, 'name', { get: shown }) as ApiToken]
    }
  }
  const view = { dialect: 'dynatrace', fields: ['name'] }
  const { body } = await answerList(dynatrace, {
    chunks: tokens(),
    totalCount: 3,
    limit: 200,
    view,
    release: () => undefined,
  })
  expect(steps).toEqual(['asked for 1', 'made 1', 'asked for 2', 'made 2', 'asked for 3', 'made 3'])
  expect(JSON.parse(String(body))).toMatchObject({ apiTokens: [{ name: 'n1' }, { name: 'n2' }, { name: 'n3' }] })
})

test('many at once are answered as if each were alone', async () => {
  const one = await call(set.latchkey, { line: 'GET /?pageSize=1000', by })
  const many = await Promise.all(
    Array.from({ length: 8 }, () => call(set.latchkey, { line: 'GET /?pageSize=1000', by })),
  )
  for (const answer of many) expect(answer).toEqual(one)
})

test('a list in the host’s own code gives the event loop its turns too', async () => {
  const [turns, page] = await turnsWhile(() => withEach(slow).latchkey.list({ limit: 10_000 }))
  expect(turns).toBeGreaterThanOrEqual(3)
  expect(page.tokens).toHaveLength(COUNT)
})

test.each([0, 99, 100, 349])(
  'a record that cannot be read (number %i) fails the whole list, and is told of',
  async (at) => {
    const cause = new Error('disk')
    const { latchkey } = withEach((n) => {
      if (n === at) throw cause
    })
    const { environment } = latchkey
    const errors = await published('store-error', async () => {
      await expect(latchkey.list({ limit: 1_000 })).rejects.toThrow(StoreError)
      expect(await call(latchkey, { line: 'GET /?pageSize=1000', authorize })).toMatchObject({ status: 503 })
    })
    expect(errors).toEqual([
      { environment, operation: 'list', error: cause },
      { environment, operation: 'list', error: cause },
    ])
    expect(await storedRecords(set.data)).toHaveLength(COUNT)
  },
)
