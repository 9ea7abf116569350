import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { assertConsistent } from './consistency.js'
import { temporaryFolder } from './temporary.js'

const program = fileURLToPath(new URL('exit-process.mjs', import.meta.url))

test('a host may exit at any moment: the storage thread is not cut off amid its work', async () => {
  const folder = temporaryFolder()
  // Cut off at such moments, libsql aborts one process in ten.
  for (let round = 0; round < 24; round++) {
    const path = `${folder}/${round}.db`
    const child = spawn(process.execPath, [program, path, String(round % 4)], { stdio: ['ignore', 'inherit', 'pipe'] })
    let errors = ''
    child.stderr.on('data', (chunk) => {
      errors += String(chunk)
    })
    const [code, signal] = await once(child, 'exit')
    expect({ code, signal, errors }).toEqual({ code: 0, signal: null, errors: '' })
    assertConsistent(path)
  }
})
