import type { TokenRecord } from '@latchkey/core/store'
import { tokenId } from '@latchkey/testkit'
import type { Subject } from './measure.js'
import { NOW, tokens } from './tokens.js'

/** For each time that a list is read. */
const READS = 500
const WRITES = 50
const AT_ONCE = 200

/** Reads and writes of one token. */
export async function readAndWrite({ environment, ids, runs, meter }: Subject): Promise<void> {
  const [reads, writes] = [READS * runs, WRITES * runs]
  const idAt = (i: number) => ids[(i * 7_919) % ids.length] ?? ''
  await meter.time('point read', reads, (i) => environment.find(idAt(i)))
  await meter.time(`point read, ${AT_ONCE} at once`, Math.ceil(reads / AT_ONCE), (i) =>
    Promise.all(Array.from({ length: AT_ONCE }, (_, j) => environment.find(idAt(i * AT_ONCE + j)))),
  )
  const extra: TokenRecord[] = [...tokens(writes + 1)].map((record) => ({ ...record, id: tokenId() }))
  await meter.time('create', writes, (i) => environment.insert(extra[i] as TokenRecord))
  await meter.time('disable', writes, (i) => environment.update(extra[i]?.id ?? '', { enabled: false }, 1))
  await meter.time('delete', writes, (i) => environment.remove(extra[i]?.id ?? ''))
}

/** Writes of last uses. */
export async function touch({ environment, ids, meter }: Subject): Promise<void> {
  for (const count of [1_000, 5_000]) {
    await meter.time(`touch, ${count} tokens`, 20, (i) => environment.touch(uses(ids, count, i)))
  }
  await meter.eventLoop('touches of 1,000', async () => {
    for (let i = 0; i < 20; i++) await environment.touch(uses(ids, 1_000, 100 + i))
  })
}

/** Of tokens all over the data set, each later than all uses before. */
export function uses(ids: readonly string[], count: number, round: number) {
  return Array.from({ length: count }, (_, i) => ({
    id: ids[(i * 104_729 + round * 31) % ids.length] ?? '',
    gen: 1,
    at: NOW + count + round * 1_000,
    ip: '203.0.113.9',
  }))
}
