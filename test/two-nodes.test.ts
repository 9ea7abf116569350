import { join } from 'node:path'
import { startRedis } from '@latchkey/test-servers'
import { expect, onTestFinished, test } from 'vitest'
import { runProgram } from './run-program.js'

test('the example of two nodes shows a revocation crossing', async () => {
  const redis = await startRedis()
  onTestFinished(redis.stop)
  const example = join(import.meta.dirname, '../examples/dist/two-nodes.js')
  const { code, stdout, stderr } = await runProgram(
    process.execPath,
    [example, `redis://127.0.0.1:${redis.port}`],
    import.meta.dirname,
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout.split('\n').slice(2, 6)).toEqual([
    'A answers 200 to the new token',
    'B answers 200 to the new token',
    'A has deleted it',
    'A answers 401',
  ])
  const crossing = Number(/^B answers 401, ([\d.]+) ms after/m.exec(stdout)?.[1])
  // Milliseconds, by the channel; the poll alone would allow a second, and the cache five.
  expect(crossing).toBeLessThan(5_000)
})
