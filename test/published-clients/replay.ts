import type { RunningHost } from '../start-host.js'
import { type Observed, perform, type Saved } from './exchange.js'
import type { RequestLog } from './logs.js'

export interface Replayed {
  /** What went over the wire, in order. */
  readonly seen: readonly Observed[]
  /** Of every exchange whose answer was another. */
  readonly failures: readonly string[]
}

/** Sends everything in a log, in order, whatever fails. */
export async function replay(
  { api, there, credential, exchanges }: RequestLog,
  { url, adminToken }: RunningHost,
): Promise<Replayed> {
  const saved: Saved = { api, there, admin: adminToken }
  const seen: Observed[] = []
  const failures: string[] = []
  for (const exchange of exchanges) {
    try {
      seen.push(await perform(exchange, url, saved, credential))
    } catch (error) {
      failures.push(`${exchange.shows} (${exchange.send})\n${error instanceof Error ? error.message : error}`)
    }
  }
  return { seen, failures }
}
