import type { Server } from '../target/server.js'
import type { Finding } from './finding.js'

/** A second: an expiry is as late or early as the clocks differ. */
const MAX_SKEW_MS = 1_000

export async function* serverFindings(server: Server, now: () => number): AsyncGenerator<Finding> {
  yield { level: 'ok', text: `The server is ${await server.version()}.` }
  if (await server.isReplica()) {
    const advice = 'Name the primary: nothing can be created or revoked here.'
    yield { level: 'error', text: 'The server is a replica, which takes no writes.', advice }
  }
  const before = now()
  const there = await server.time()
  const skew = Math.round(there - (before + now()) / 2)
  if (Math.abs(skew) > MAX_SKEW_MS) {
    const advice = 'Let both follow the same time server: expiries are judged by the clock of each host.'
    yield { level: 'notice', text: `The clock of the server differs by ${skew} ms from the one here.`, advice }
  }
}
