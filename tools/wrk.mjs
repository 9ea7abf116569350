import { spawnSync } from 'node:child_process'
import { installProgram } from './install.mjs'
import { Failure, say } from './step.mjs'

const ADVICE = 'The benchmark http needs wrk, and it could not be installed here. Install it, and put it on the path.'

/** Makes sure that the benchmarks can run wrk; where it is not there it is installed. Throws a `Failure` that says what to do. */
export async function ensureWrk() {
  if (isThere()) return
  await installProgram({ apt: 'wrk', brew: 'wrk' }, ADVICE)
  if (!isThere()) throw new Failure(ADVICE)
  say('wrk is there now')
}

/** It prints its version and exits with 1. */
function isThere() {
  return spawnSync('wrk', ['-v']).error === undefined
}
