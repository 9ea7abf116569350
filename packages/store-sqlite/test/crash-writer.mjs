// Writes until it kills itself: node crash-writer.mjs <path> <log> <round> <writes>. Notes in the log what it is about to
// do and what was acknowledged (the log is the system's as soon as it is written); see crash.test.ts.
import { openSync, writeSync } from 'node:fs'
import { fullTokenRecord, randomInt, seededRandom } from '@latchkey/testkit'
import { sqliteStore } from '../dist/index.js'

const [path, log, round, killAfter] = process.argv.slice(2)
const random = seededRandom(1_000 + Number(round))
const store = await sqliteStore({ path }).open('default')
const file = openSync(log, 'w')
const say = (line) => writeSync(file, `${JSON.stringify(line)}\n`)

const WRITES = 2_000
const LANES = 8
let written = 0
let acknowledged = 0

function acknowledge(id) {
  say({ acknowledged: id })
  // At any moment of what the storage thread is doing then.
  if (++acknowledged === Number(killAfter)) setTimeout(() => process.kill(process.pid, 'SIGKILL'), random() * 3)
}

/** Each lane writes to tokens of its own, one write at a time, so that what must be there is known. */
async function lane(number) {
  const tokens = []
  while (written++ < WRITES) {
    const choice = random()
    const token = tokens[randomInt(tokens.length, random)]
    if (!token || choice < 0.4) {
      const record = fullTokenRecord({ owner: `owner ${number}`, scopes: [`lane.${number}`, `round.${round}`] }, random)
      say({ intent: 'insert', id: record.id, record })
      await store.insert(record)
      tokens.push({ id: record.id, version: 1 })
      acknowledge(record.id)
    } else if (choice < 0.7) {
      const patch = {
        name: `name ${written}`,
        enabled: false,
        scopes: [`patched.${written % 7}`],
        metadata: { written },
      }
      say({ intent: 'update', id: token.id, patch })
      await store.update(token.id, patch, token.version++)
      acknowledge(token.id)
    } else if (choice < 0.85) {
      const use = { id: token.id, gen: 2, at: 2_000_000_000_000 + written, ip: '192.0.2.1' }
      say({ intent: 'touch', id: token.id, use })
      await store.touch([use])
      acknowledge(token.id)
    } else {
      tokens.splice(tokens.indexOf(token), 1)
      say({ intent: 'remove', id: token.id })
      await store.remove(token.id)
      acknowledge(token.id)
    }
  }
}

await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
