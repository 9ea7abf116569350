import { randomItem, readPage, tokenRecord } from '@latchkey/testkit'
import { expect, test } from 'vitest'
import { connect, eventually, LIST, LONG, sharedServer, startWatching } from './support.js'

/** LATCHKEY_LONG=1: ten crashes. */
const ROUNDS = LONG ? 10 : 2
const WRITERS = 8
const WRITES_BEFORE_CRASH = 150

const shared = sharedServer({ fsync: true })

/** What the store has acknowledged, by id; `unsure` are tokens whose last call was refused. */
interface Ledger {
  readonly stored: Map<string, number>
  readonly removed: Set<string>
  readonly unsure: Set<string>
}

test('crashes in the middle of writes: nothing acknowledged is lost or undelivered', async () => {
  const [a, b] = [await connect(shared.server), await connect(shared.server)]
  const watching = await startWatching(b.environment)
  const ledger: Ledger = { stored: new Map(), removed: new Set(), unsure: new Set() }
  let writes = 0
  let down = false

  async function write(): Promise<void> {
    const own = randomItem([...ledger.stored.keys(), undefined])
    const record = tokenRecord()
    const id = own ?? record.id
    const version = ledger.stored.get(id) ?? 0
    ledger.stored.delete(id)
    try {
      if (own === undefined) await a.environment.insert(record)
      else if (Math.random() < 0.5) await a.environment.update(id, { name: `version ${version + 1}` }, version)
      else {
        await a.environment.remove(id)
        ledger.removed.add(id)
        return
      }
      ledger.stored.set(id, version + 1)
    } catch {
      ledger.unsure.add(id)
    } finally {
      writes++
    }
  }

  for (let round = 0; round < ROUNDS; round++) {
    const start = writes
    down = false
    const writing = Array.from({ length: WRITERS }, async () => {
      while (!down) await write()
    })
    await eventually(async () => writes > start + WRITES_BEFORE_CRASH)
    await shared.server.kill()
    down = true
    await shared.server.restart()
    await Promise.all(writing)
    await eventually(async () => (await b.environment.find(tokenRecord().id)) === undefined)

    for (const [id, version] of ledger.stored) expect((await b.environment.find(id))?.version).toBe(version)
    for (const id of ledger.removed) expect(await b.environment.find(id)).toBeUndefined()
    const { totalCount = 0 } = await readPage(b.environment, LIST)
    expect(totalCount).toBeGreaterThanOrEqual(ledger.stored.size)
    expect(totalCount).toBeLessThanOrEqual(ledger.stored.size + ledger.unsure.size)
    if (watching.events.includes('reset')) continue
    for (const id of [...ledger.stored.keys(), ...ledger.removed]) await watching.changed(id)
  }
  expect(ledger.removed.size).toBeGreaterThan(10)
})
