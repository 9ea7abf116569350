#!/usr/bin/env node
import { run } from './run.js'

// A client of the host's own configuration may keep the process alive, so the end is said here. What was written goes out first.
void run(process.argv.slice(2)).then((code) => {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
})
