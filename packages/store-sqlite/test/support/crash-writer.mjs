// Writes until it kills itself: node crash-writer.mjs <path> <plan> <log> <kill after>. See ../crash.test.ts.
//
// The plan has lanes, each a list of writes that are carried out one after another. For each acknowledged write a line with the
// number of its lane goes into the log, which is the system's as soon as it is written.
import { openSync, readFileSync, writeSync } from 'node:fs'
import { sqliteStore } from '../../dist/index.js'

const [path, plan, log, killAfter] = process.argv.slice(2)
const store = await sqliteStore({ path }).open('default')
const file = openSync(log, 'w')
let acknowledged = 0

function carryOut({ kind, id, record, patch, version, use }) {
  if (kind === 'insert') return store.insert(record)
  if (kind === 'update') return store.update(id, patch, version)
  return kind === 'touch' ? store.touch([use]) : store.remove(id)
}

async function lane(writes, number) {
  for (const write of writes) {
    await carryOut(write)
    writeSync(file, `${number}\n`)
    // At any moment of what the storage thread is doing then.
    if (++acknowledged === Number(killAfter)) setTimeout(() => process.kill(process.pid, 'SIGKILL'), Math.random() * 3)
  }
}

await Promise.all(JSON.parse(readFileSync(plan, 'utf8')).map(lane))
