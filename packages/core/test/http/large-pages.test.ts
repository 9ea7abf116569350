import { setImmediate as nextTurn } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { encodeResponse, handleRequest, memoryStore, StoreError, type TokenStore } from '../../src/index.js'
import { everything, instance } from '../manage/instance.js'
import { published } from '../verify/support.js'
import { call, MOUNT } from './call.js'

const authorize = () => ({ owner: 'ada', scopes: ['*'] })
const COUNT = 350

let set: ReturnType<typeof instance>
let by: string

beforeAll(async () => {
  set = instance()
  for (let i = 0; i < COUNT; i++) {
    const { token } = await set.latchkey.create({ name: `é${i} "\u{1F600}`, owner: 'ada', scopes: ['*'] })
    by = token
  }
})

async function turnsWhile<T>(work: () => Promise<T>): Promise<[turns: number, result: T]> {
  let [turns, done] = [0, false]
  const counting = (async () => {
    for (; !done; turns++) await nextTurn()
  })()
  const result = await work()
  done = true
  await counting
  return [turns, result]
}

describe.each([
  ['dynatrace', '?pageSize=10000', 'apiTokens'],
  ['panther', '?limit=1000', 'results'],
] as const)('in the words of %s', (dialect, search, items) => {
  test('a large page is one JSON text with a length, and the event loop has its turns meanwhile', async () => {
    const parts = { method: 'GET', mount: MOUNT, path: '', search, headers: {}, rawHeaders: [], ip: undefined }
    const [turns, answer] = await turnsWhile(async () =>
      handleRequest(set.latchkey, { ...parts, body: async () => undefined }, { dialect, authorize }),
    )
    expect(turns).toBeGreaterThanOrEqual(3)
    const { status, headers, body } = encodeResponse(answer ?? { status: 404 })
    expect(status).toBe(200)
    expect(headers).toEqual({
      'Cache-Control': 'no-store',
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

test('many at once are answered as if each were alone', async () => {
  const one = await call(set.latchkey, { line: 'GET /?pageSize=1000', by })
  const many = await Promise.all(
    Array.from({ length: 8 }, () => call(set.latchkey, { line: 'GET /?pageSize=1000', by })),
  )
  for (const answer of many) expect(answer).toEqual(one)
})

test('a list in the host’s own code gives the event loop its turns too', async () => {
  const [turns, page] = await turnsWhile(() => set.latchkey.list({ limit: 10_000 }))
  expect(turns).toBeGreaterThanOrEqual(3)
  expect(page.tokens).toHaveLength(COUNT)
})

/** A store whose lists break off at the record with this number. */
function breakingStore(at: number, error: Error): TokenStore {
  const store = memoryStore(set.data)
  return {
    open: async (environment) => {
      const opened = await store.open(environment)
      return {
        ...opened,
        async list(query) {
          const page = await opened.list(query)
          function* records() {
            let n = 0
            for (const record of page.records) {
              if (n++ === at) throw error
              yield record
            }
          }
          return { ...page, records: records() }
        },
      }
    },
    close: () => store.close(),
  }
}

test.each([0, 99, 100, 349])(
  'a record that cannot be read (number %i) fails the whole list, and is told of',
  async (at) => {
    const cause = new Error('disk')
    const { latchkey } = instance({ store: breakingStore(at, cause) }, set.data)
    const { environment } = latchkey
    const errors = await published('store-error', async () => {
      await expect(latchkey.list({ limit: 1_000 })).rejects.toThrow(StoreError)
      expect(await call(latchkey, { line: 'GET /?pageSize=1000', authorize })).toMatchObject({ status: 503 })
    })
    expect(errors).toEqual([
      { environment, operation: 'list', error: cause },
      { environment, operation: 'list', error: cause },
    ])
    expect(await everything(set.data)).toHaveLength(COUNT)
  },
)
