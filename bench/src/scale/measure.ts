import { createLatchkey, memoryData, memoryStore } from '@latchkey/core'
import { CREATED_AT, tokenRecord } from '@latchkey/testkit'
import { oneByOne } from '../cold/first-verifications.js'
import { answer } from '../harness/child.js'
import { expect } from '../harness/expect.js'
import { FAST_HASHER, issue, issueMany, LONG_CACHE } from '../harness/tokens.js'
import { repeatEach, sliceOf } from '../verify/repeat.js'

const USED = 500
const CREATED = 500
const PAGE = 200

const count = Number(process.argv[2])
const data = memoryData()
const environment = await memoryStore(data).open('default')
// Records whose tokens nobody has: to hash a million secrets takes a minute.
for (let i = 0; i < count - USED; i++) {
  await environment.insert(
    tokenRecord({ name: `Nightly export ${i}`, owner: `owner-${i % 1_000}`, createdAt: CREATED_AT + i }),
  )
}
const latchkey = connect()
const tokens = await issueMany(latchkey, USED)
for (const token of tokens) expect((await latchkey.verify(token)).ok, 'a good token is admitted')
const hotNs = await sliceOf(repeatEach((token) => latchkey.verifyCached(token)?.ok === true, tokens))

// Compiles what is measured.
await measure()
export type ScaleQuestions = { measure: typeof measure }
answer({ measure })

async function measure() {
  return { hotNs: await hotNs(), coldUs: await coldUs(), createUs: await createUs(), listMs: await listMs() }
}

async function coldUs(): Promise<number> {
  const fresh = connect()
  await fresh.ready()
  const us = await oneByOne(fresh, tokens)
  await fresh.close()
  return us
}

async function createUs(): Promise<number> {
  const created: string[] = []
  const start = performance.now()
  for (let i = 0; i < CREATED; i++) created.push(await issue(latchkey))
  const us = (1_000 * (performance.now() - start)) / CREATED
  for (const token of created) await latchkey.delete(token)
  return us
}

async function listMs(): Promise<number> {
  const start = performance.now()
  const page = await latchkey.list({ limit: PAGE })
  const ms = performance.now() - start
  expect(page.tokens.length === PAGE && page.totalCount === count, 'a page is full, and the total is exact')
  return ms
}

function connect() {
  return createLatchkey({ store: memoryStore(data), hasher: FAST_HASHER, cache: LONG_CACHE })
}
