import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Failure, root, say } from '../step.mjs'
import { searchFolder } from './folder.mjs'

/**
 * Runs the tests at their most verbose, keeps all that any process prints, publishes, throws or writes to temporary
 * files, and searches it for the secret of every token that was issued meanwhile. Prints counts. Throws a `Failure` if
 * a secret is found where none should be, if a test fails, or if no secret was issued. `args`: for Vitest.
 */
export async function searchRun(args) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-secrets-'))
  for (const name of ['processes', 'kept', 'tmp']) mkdirSync(join(folder, name))
  say(`run the tests (vitest); what they print goes to ${folder}`)
  const ended = await runTests(folder, args)
  say('search what they left for every secret')
  const { issued, processes, files, bytes, told, found } = searchFolder(folder)
  const lines = [
    `tests:    ${ended === 0 ? 'passed' : `failed (${ended})`}`,
    `issued:   ${issued} secrets by ${processes} processes`,
    `searched: ${files} files, ${bytes} bytes`,
    `told:     ${[...told].map(([place, count]) => `${count} in ${place}`).join(', ') || 'none'}`,
    `found:    ${found.length}`,
    ...found.map(({ form, id, place, index }) => `  ${form} of ${id} in ${place} at ${index}`),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  const kept = `Everything is kept in ${folder}.`
  if (found.length > 0) throw new Failure(`Secrets were found. ${kept}`)
  if (ended !== 0) throw new Failure(`Tests failed. ${kept}`)
  if (issued === 0) throw new Failure(`No secret was issued, so none was searched for. ${kept}`)
  rmSync(folder, { recursive: true })
}

/** Resolves to the exit code, or the signal. */
async function runTests(folder, args) {
  const preload = pathToFileURL(join(root, 'tools/secrets/preload.mjs')).href
  const vitest = ['run', '--reporter=verbose', '--silent=false', '--printConsoleTrace', ...args]
  const outputs = ['stdout', 'stderr'].map((name) => openSync(join(folder, name), 'w'))
  const child = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...vitest], {
    cwd: root,
    stdio: ['ignore', ...outputs],
    env: {
      ...process.env,
      TMPDIR: join(folder, 'tmp'),
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --trace-warnings --import ${preload}`,
      LATCHKEY_SECRETS_FOLDER: folder,
      LATCHKEY_SECRETS_REDIS: process.env.REDIS_SERVER_BIN ?? 'redis-server',
      REDIS_SERVER_BIN: join(root, 'tools/secrets/redis-server.sh'),
    },
  })
  const [code, signal] = await once(child, 'close')
  for (const output of outputs) closeSync(output)
  return code ?? signal
}
