import { appendFile } from 'node:fs/promises'
import type { OnAudit } from '@latchkey/core'

/** Keeps the audit in a file, as lines of JSON. If a line cannot be written, nothing is changed and the caller gets 503. */
export function auditFile(path: string): OnAudit {
  return async ({ at, outcome, ...entry }) => {
    await appendFile(path, outcome === 'begun' ? '' : `${JSON.stringify({ at: new Date(at), outcome, ...entry })}\n`)
  }
}
