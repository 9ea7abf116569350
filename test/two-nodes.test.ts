import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

test('the example of two nodes shows a revocation crossing', async () => {
  const main = join(import.meta.dirname, '../examples/dist/two-nodes.js')
  const child = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, complaints, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' })
  expect(output.split('\n').slice(2, 6)).toEqual([
    'A answers 200 to the new token',
    'B answers 200 to the new token',
    'A has deleted it',
    'A answers 401',
  ])
  const crossing = Number(/^B answers 401, ([\d.]+) ms after/m.exec(output)?.[1])
  // Milliseconds, by the channel; the poll alone would allow a second, and the cache five.
  expect(crossing).toBeLessThan(5_000)
})
