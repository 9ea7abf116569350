import { dynatraceErrors } from './dialects/dynatrace.js'
import type { ErrorForm } from './dialects/error-form.js'
import { pantherErrors } from './dialects/panther.js'
import { problem } from './dialects/problem.js'

/** The form in which guards refuse a request: problem details (RFC 9457), or the errors of a published API. */
export type ErrorFormName = 'problem' | 'dynatrace' | 'panther'

export const ERROR_FORMS: Readonly<Record<ErrorFormName, ErrorForm>> = {
  problem,
  dynatrace: dynatraceErrors,
  panther: pantherErrors,
}
