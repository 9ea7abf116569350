import type { ErrorCode, Violation } from '../../errors.js'
import type { JsonSchema } from './json-schema.js'

/** Where a violation was found. */
export type ParameterLocation = 'PAYLOAD_BODY' | 'QUERY' | 'PATH' | 'HEADER'

/** An error in the words of HTTP, before a form puts it into its envelope. */
export interface ErrorAnswer {
  readonly status: number
  readonly code: ErrorCode
  readonly message: string
  readonly violations: readonly Violation[]
  /** Where the violations are. */
  readonly location: ParameterLocation
}

/** The envelope of an error. */
export interface ErrorForm {
  readonly mediaType: 'application/json' | 'application/problem+json'
  readonly schema: JsonSchema
  body(error: ErrorAnswer): unknown
}
