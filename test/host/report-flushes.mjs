// Preloaded into a host: tells on stderr which uses were written.
import { subscribe } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'

subscribe('latchkey:flushed', ({ environment, uses }) => {
  writeSync(2, `flushed ${uses} of ${environment}\n`)
})
