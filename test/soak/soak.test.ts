// A short run of the soak, so that it stays alive; `npm run soak` is the long one.
import { expect, test } from 'vitest'
import { mustRun } from '../run-program.js'

// Side by side: most of the time they wait.
test.concurrent.each(['sqlite', 'redis'])(
  'on %s, no verdict is wrong while nodes, clocks and the store have troubles',
  async (store) => {
    const args = ['test/soak/dist/main.js', '--store', store, '--seconds', '8', '--seed', '4', '--json']
    const summary = JSON.parse(await mustRun(process.execPath, args, process.cwd()))
    expect(summary).toMatchObject({ wrong: 0, details: [] })
    expect(Object.keys(summary.faults)).not.toHaveLength(0)
    for (const outcome of ['in', 'wrong_secret', 'disabled', 'unknown']) {
      expect(summary.verifications[outcome], outcome).toBeGreaterThan(100)
    }
    for (const write of ['create', 'disable', 'narrow', 'rotate', 'rotate with overlap']) {
      expect(summary.writes[write], write).toBeGreaterThan(0)
    }
  },
)
