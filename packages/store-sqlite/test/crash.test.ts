import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { memoryStore } from '@latchkey/core'
import type { EnvironmentStore, TokenPatch, TokenRecord, TokenUse } from '@latchkey/core/store'
import { fullTokenRecord, randomInt, randomItem, readPage, seededRandom } from '@latchkey/testkit'
import { expect, test } from 'vitest'
import { sqliteStore } from '../src/index.js'
import { assertConsistent } from './support/consistency.js'
import { temporaryFolder } from './support/files.js'

/** `npm run long` kills more often. */
const ROUNDS = process.env.LATCHKEY_LONG === '1' ? 30 : 4
const LANES = 8
const writer = fileURLToPath(new URL('support/crash-writer.mjs', import.meta.url))

type Write = { id: string } & (
  | { kind: 'insert'; record: TokenRecord }
  | { kind: 'update'; patch: TokenPatch; version: number }
  | { kind: 'touch'; use: TokenUse }
  | { kind: 'remove' }
)

test(`kill -9 amid writes, ${ROUNDS} times on one file: all that was acknowledged is there, nothing by halves`, {
  timeout: 20_000 * ROUNDS,
}, async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const random = seededRandom(5)
  // What must be there: a store that is known to be right carries out the acknowledged writes too.
  const model = await memoryStore().open('default')
  for (let round = 0; round < ROUNDS; round++) {
    const killAfter = 50 + randomInt(500, random)
    // Enough for the writer to be killed before it is done.
    const lanes = Array.from({ length: LANES }, (_, lane) => planLane(`${round}.${lane}`, killAfter, random))
    const acknowledged = await writeUntilKilled(path, lanes, killAfter)
    const inFlight: Write[] = []
    for (const [i, writes] of lanes.entries()) {
      for (const write of writes.slice(0, acknowledged[i])) await apply(write, model)
      inFlight.push(...writes.slice(acknowledged[i]).slice(0, 1))
    }
    expect(inFlight).toHaveLength(LANES)
    const store = sqliteStore({ path })
    const survived = await store.open('default')
    for (const write of inFlight) await settle(write, survived, model)
    assert.deepStrictEqual(await everything(survived), await everything(model))
    await store.close()
    assertConsistent(path)
  }
})

/** Writes to tokens of the lane's own, so that what must be there is known. */
function planLane(name: string, length: number, random: () => number): Write[] {
  const tokens: { id: string; version: number }[] = []
  return Array.from({ length }, (_, i): Write => {
    const choice = random()
    if (tokens.length === 0 || choice < 0.4) {
      const record = fullTokenRecord({ owner: `owner ${name}`, scopes: [`lane.${name}`, 'all.lanes'] }, random)
      tokens.push({ id: record.id, version: 1 })
      return { kind: 'insert', id: record.id, record }
    }
    const token = randomItem(tokens, random)
    const { id } = token
    if (choice < 0.7) {
      const patch = { name: `name ${i}`, enabled: false, scopes: [`patched.${i % 7}`], metadata: { i } }
      return { kind: 'update', id, patch, version: token.version++ }
    }
    if (choice < 0.85) return { kind: 'touch', id, use: { id, gen: 2, at: 2_000_000_000_000 + i, ip: '192.0.2.1' } }
    tokens.splice(tokens.indexOf(token), 1)
    return { kind: 'remove', id }
  })
}

/** Runs the writer, which kills itself after so many acknowledgements. Returns how many writes of each lane were acknowledged. */
async function writeUntilKilled(path: string, lanes: readonly Write[][], killAfter: number): Promise<number[]> {
  const [plan, log] = [`${path}.plan`, `${path}.log`]
  writeFileSync(plan, JSON.stringify(lanes))
  const child = spawn(process.execPath, [writer, path, plan, log, String(killAfter)], { stdio: 'inherit' })
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
  const acknowledged = lanes.map(() => 0)
  for (const line of readFileSync(log, 'utf8').trimEnd().split('\n')) {
    acknowledged[Number(line)] = (acknowledged[Number(line)] ?? 0) + 1
  }
  return acknowledged
}

/** A write in flight is there as a whole or not at all; the model follows. */
async function settle(write: Write, survived: EnvironmentStore, model: EnvironmentStore): Promise<void> {
  const [found, before] = [await survived.find(write.id), await model.find(write.id)]
  if (isDeepStrictEqual(found, before)) return
  await apply(write, model)
  expect(found).toEqual(await model.find(write.id))
}

async function apply(write: Write, model: EnvironmentStore): Promise<void> {
  if (write.kind === 'insert') await model.insert(write.record)
  else if (write.kind === 'update') await model.update(write.id, write.patch, write.version)
  else if (write.kind === 'touch') await model.touch([write.use])
  else await model.remove(write.id)
}

async function everything(store: EnvironmentStore): Promise<Map<string, TokenRecord>> {
  const records = new Map<string, TokenRecord>()
  let after: string | undefined
  do {
    const page = await readPage(store, {
      filter: {},
      sort: { by: 'name', direction: 'asc' },
      limit: 10_000,
      count: false,
      ...(after === undefined ? {} : { after }),
    })
    for (const record of page.records) records.set(record.id, record)
    after = page.next
  } while (after !== undefined)
  return records
}

/** `npm run long` exits more often: a thread that is cut off at such a moment aborts the process once in ten times. */
const EXITS = process.env.LATCHKEY_LONG === '1' ? 60 : 8
const program = fileURLToPath(new URL('support/exit-process.mjs', import.meta.url))

test('a host may exit at any moment: the storage thread is not cut off amid its work', {
  timeout: 10_000 * EXITS,
}, async () => {
  for (let round = 0; round < EXITS; round++) {
    const path = `${temporaryFolder()}/tokens.db`
    const args = [program, path, String(round % 4)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe'] })
    let errors = ''
    child.stderr.on('data', (chunk) => {
      errors += String(chunk)
    })
    const [code, signal] = await once(child, 'exit')
    expect({ code, signal, errors }).toEqual({ code: 0, signal: null, errors: '' })
    assertConsistent(path)
  }
})
