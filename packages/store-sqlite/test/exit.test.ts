import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { assertConsistent } from './support/consistency.js'
import { temporaryFolder } from './support/temporary.js'

/** `npm run long` exits more often: a thread that is cut off at such a moment aborts the process once in ten times. */
const ROUNDS = process.env.LATCHKEY_LONG === '1' ? 60 : 8
const program = fileURLToPath(new URL('support/exit-process.mjs', import.meta.url))

test('a host may exit at any moment: the storage thread is not cut off amid its work', {
  timeout: 10_000 * ROUNDS,
}, async () => {
  for (let round = 0; round < ROUNDS; round++) {
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
