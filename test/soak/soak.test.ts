// A short run of the soak, so that it stays alive; `npm run soak` is the long one.
import { expect, test } from 'vitest'
import { LONG } from '../long.js'
import { mustRun } from '../run-program.js'

// Side by side: most of the time they wait.
test.concurrent.each(['redis', ...(LONG ? ['sqlite', 'postgres'] : [])])(
  'on %s, no verdict is wrong and nothing leaks while nodes, clocks and the store have troubles and clients leave',
  async (store) => {
    const args = ['test/soak/dist/main.js', '--store', store, '--seconds', '5', '--seed', '4', '--json']
    const summary = JSON.parse(await mustRun(process.execPath, args, process.cwd()))
    expect(summary).toMatchObject({ wrong: 0, details: [], leaks: [] })
    expect(Object.keys(summary.faults)).not.toHaveLength(0)
    for (const outcome of ['in', 'wrong_secret', 'disabled', 'unknown']) {
      expect(summary.verifications[outcome], outcome).toBeGreaterThan(0)
    }
    for (const write of ['create', 'disable', 'narrow', 'rotate', 'rotate with overlap']) {
      expect(summary.writes[write], write).toBeGreaterThan(0)
    }
    const clients = Object.keys(summary.clients).join()
    for (const kind of ['guard', 'list', 'rotation', 'creation']) expect(clients).toContain(kind)
    expect(summary.memory.some(({ early }: { early?: number }) => early !== undefined)).toBe(true)
  },
)
