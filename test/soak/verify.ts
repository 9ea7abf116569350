import { randomInt, randomItem } from '@latchkey/testkit'
import { judge } from './judge.js'
import { monotonic } from './time.js'
import type { SoakNode, Tracked, World } from './world.js'

const ASKED: readonly (readonly string[])[] = [[], ['a.read'], ['b.read']]
/** Older secrets than these are asked for no more. */
const SECRETS = 4

/** Any token, with any of its secrets. */
export async function verifyAny(world: World, node: SoakNode): Promise<void> {
  const { tokens, random } = world
  if (tokens.size === 0) return
  const tracked = [...tokens][randomInt(tokens.size, random)]
  if (tracked === undefined) return
  const token = tracked.tokens.at(-1 - randomInt(Math.min(SECRETS, tracked.tokens.length), random))
  await verifyOne(world, node, tracked, token ?? '', randomItem(ASKED, random))
}

export async function verifyOne(
  { faults, tally }: World,
  { index: node, process, clock }: SoakNode,
  { id, history }: Tracked,
  token: string,
  scopes: readonly string[],
): Promise<void> {
  const from = monotonic()
  const answer = await process.ask({ do: 'verify', token, scopes })
  const span = { from, to: monotonic() }
  if (!('outcome' in answer)) {
    const error = 'error' in answer ? answer.error : 'nothing'
    tally.count('verifications', error)
    if (error !== 'GONE' && !error.startsWith('ERR_')) tally.fault({ verify: id, error })
    tally.unavailable[faults.disturbed(node, span) ? 'inFaults' : 'otherwise']++
    return
  }
  const { outcome } = answer
  tally.count('verifications', outcome)
  const judgement = judge({ node, token, scopes, span, outcome }, history, clock, faults)
  if (judgement === 'late') tally.late++
  if (judgement !== 'wrong') return
  const before = history.writes.slice(-4).map(({ state, begun, ended, ...write }) => ({
    ...write,
    begun: begun - from,
    ended: ended - from,
    state: { ...state, secrets: state.secrets.map((secret) => ({ ...secret, token: secret.token.slice(-8) })) },
  }))
  const clocks = clock.readings(span)
  tally.fault({ id, node, token: token.slice(-8), scopes, outcome, took: span.to - from, clocks, before })
}
