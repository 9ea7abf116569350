import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { memoryStore } from '@latchkey/core'
import type { EnvironmentStore, TokenPatch, TokenRecord, TokenUse } from '@latchkey/core/store'
import { randomInt, readPage, seededRandom } from '@latchkey/testkit'
import { expect, test } from 'vitest'
import { sqliteStore } from '../src/index.js'
import { assertConsistent } from './consistency.js'
import { temporaryFolder } from './temporary.js'

const ROUNDS = 20
const writer = fileURLToPath(new URL('crash-writer.mjs', import.meta.url))

type Line =
  | { intent: 'insert'; id: string; record: TokenRecord }
  | { intent: 'update'; id: string; patch: TokenPatch }
  | { intent: 'touch'; id: string; use: TokenUse }
  | { intent: 'remove'; id: string }
  | { acknowledged: string }
type Intent = Extract<Line, { intent: string }>

test('kill -9 amid writes, 20 times on one file: all that was acknowledged is there, nothing by halves', {
  timeout: 120_000,
}, async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const random = seededRandom(5)
  // What must be there: a store that is known to be right carries out the acknowledged writes too.
  const model = await memoryStore().open('default')
  for (let round = 0; round < ROUNDS; round++) {
    const inFlight = await writeUntilKilled(path, round, 50 + randomInt(1_200, random), model)
    expect(inFlight.size).toBeGreaterThan(0)
    const store = sqliteStore({ path })
    const survived = await store.open('default')
    for (const intent of inFlight.values()) await settle(intent, survived, model)
    assert.deepStrictEqual(await everything(survived), await everything(model))
    await store.close()
    assertConsistent(path)
  }
})

/** Runs the writer, which kills itself after so many acknowledgements. Returns what was not acknowledged, by token. */
async function writeUntilKilled(
  path: string,
  round: number,
  killAfter: number,
  model: EnvironmentStore,
): Promise<Map<string, Intent>> {
  const log = `${path}.log`
  const child = spawn(process.execPath, [writer, path, log, String(round), String(killAfter)], { stdio: 'inherit' })
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
  const inFlight = new Map<string, Intent>()
  for (const text of readFileSync(log, 'utf8').trimEnd().split('\n')) {
    const line = JSON.parse(text) as Line
    if ('intent' in line) inFlight.set(line.id, line)
    else {
      const intent = inFlight.get(line.acknowledged)
      if (intent) await apply(intent, model)
      inFlight.delete(line.acknowledged)
    }
  }
  return inFlight
}

/** A write in flight is there as a whole or not at all; the model follows. */
async function settle(intent: Intent, survived: EnvironmentStore, model: EnvironmentStore): Promise<void> {
  const [found, before] = [await survived.find(intent.id), await model.find(intent.id)]
  if (isDeepStrictEqual(found, before)) return
  await apply(intent, model)
  expect(found).toEqual(await model.find(intent.id))
}

async function apply(intent: Intent, model: EnvironmentStore): Promise<void> {
  if (intent.intent === 'insert') await model.insert(intent.record)
  else if (intent.intent === 'touch') await model.touch([intent.use])
  else if (intent.intent === 'remove') await model.remove(intent.id)
  else await model.update(intent.id, intent.patch, (await model.find(intent.id))?.version ?? 0)
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
