import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attack } from './flood/attack.js'
import { issueTokens } from './flood/tokens.js'
import { FRAMEWORKS } from './http/guarded.js'
import { choose, readArgumentsWith } from './lib/arguments.js'
import { checkBounds } from './lib/check.js'
import { report } from './lib/report.js'

/*
 * What an attack costs those who hold good tokens. Beside 200 requests a second with cached good tokens come: nothing
 * (`quiet`); forged tokens at a fixed rate, a third each of known ids with wrong secrets, unknown ids and junk
 * (`forged`); 2,000 good tokens at once that this process has not proven yet (`cold`); and, seen for as long, the same
 * 2,000 at once when all are proven and cached (`warm`). Server, holders and attackers are processes of their own.
 */

const options = readArgumentsWith({ seconds: 20 })
const chosen = choose(
  FRAMEWORKS.map((name) => ({ name })),
  options.only,
)
const folder = mkdtempSync(join(tmpdir(), 'latchkey-flood-'))
const rows = []
try {
  const file = join(folder, 'tokens.json')
  writeFileSync(file, JSON.stringify(await issueTokens()))
  for (const { name } of chosen) {
    rows.push(...(await attack(name, { seconds: options.seconds, file })))
  }
} finally {
  rmSync(folder, { recursive: true })
}
report('flood', rows, options.json)
if (options.check) checkBounds('flood', rows, options.only && rows.map(({ name }) => String(name)))
