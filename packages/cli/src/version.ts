import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const manifest: unknown = JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8'))

/** Of this package. */
export const VERSION = String((manifest as { version: unknown }).version)
