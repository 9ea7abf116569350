import type { Dialect, DialectName } from './dialect.js'
import { dynatrace, dynatraceErrors } from './dynatrace.js'
import type { ErrorForm } from './error-form.js'
import { latchkey } from './latchkey.js'
import { panther, pantherErrors } from './panther.js'
import { problem } from './problem.js'

export const DIALECTS: Readonly<Record<DialectName, Dialect>> = { latchkey, dynatrace, panther }

/** The form in which guards refuse a request: problem details (RFC 9457), or the errors of a published API. */
export type ErrorFormName = 'problem' | 'dynatrace' | 'panther'

export const ERROR_FORMS: Readonly<Record<ErrorFormName, ErrorForm>> = {
  problem,
  dynatrace: dynatraceErrors,
  panther: pantherErrors,
}
