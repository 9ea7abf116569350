import type { Dialect, DialectName } from './dialect.js'
import { dynatrace } from './dynatrace.js'
import { panther } from './panther.js'

export const DIALECTS: Readonly<Record<DialectName, Dialect>> = { dynatrace, panther }
