// biome-ignore lint/style/noRestrictedImports: runs before the packages are installed, and so without their names.
import { findChromium } from '../test/servers/programs.mjs'
import { installProgram } from './install.mjs'
import { Failure, say } from './step.mjs'

const ADVICE =
  'The tests of the tokens page need Chromium or Chrome, and it could not be installed here. ' +
  'Install it, or set CHROMIUM_BIN to the path of its program.'

/**
 * Makes sure that the tests can start a Chromium, and says so in one line. Uses CHROMIUM_BIN, else one of the path; where
 * there is none it is installed. Throws a `Failure` that says what to do.
 */
export async function ensureChromium() {
  const found = findChromium()
  if (found) return say(`Chromium ${found.version} is there (${found.path})`)
  if (process.env.CHROMIUM_BIN) {
    throw new Failure(`CHROMIUM_BIN is ${process.env.CHROMIUM_BIN}, which cannot be run as a Chromium.`)
  }
  await installProgram({ apt: 'chromium', brew: 'chromium' }, ADVICE)
  const installed = findChromium()
  if (!installed) throw new Failure(ADVICE)
  say(`Chromium ${installed.version} is there now (${installed.path})`)
}
