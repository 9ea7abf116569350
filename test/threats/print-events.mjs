// Preloaded into a host: prints every event of every channel of ours, in full, and every warning with its stack.
import diagnostics from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { inspect } from 'node:util'

const { channel } = diagnostics
const print = (what) => writeSync(2, `${inspect(what, { depth: Infinity, showHidden: true, maxStringLength: null })}\n`)

diagnostics.channel = (name) => {
  const made = channel(name)
  if (String(name).startsWith('latchkey:')) made.subscribe((message) => print({ event: name, message }))
  return made
}
syncBuiltinESMExports()
process.on('warning', (warning) => print(warning))
