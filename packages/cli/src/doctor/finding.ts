/** One thing that was looked at. `advice`: what to do about it. */
export interface Finding {
  /** `error`: tokens are refused, or cannot be managed. */
  readonly level: 'ok' | 'notice' | 'error'
  readonly text: string
  readonly advice?: string
}
