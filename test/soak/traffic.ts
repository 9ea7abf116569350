import { randomInt, randomItem } from '@latchkey/testkit'
import { judge } from './judge.js'
import { History, type State } from './model.js'
import { type Answer, monotonic } from './protocol.js'
import { between, type SoakNode, type Tracked, type World } from './world.js'
import { type Plan, planWrite, remove } from './writes.js'

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

async function verifyOne(
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

/** So many tokens live at a time. */
const LIVING = 40
/** So long after its removal a token is still asked for, in ms. */
const REMEMBERED = 10_000

/** One write to any token that none is under way for; or a new token, if there are too few. */
export async function manageAny(world: World, node: SoakNode): Promise<void> {
  const { tokens, random } = world
  for (const tracked of tokens) {
    if (tracked.removedAt !== undefined && monotonic() > tracked.removedAt + REMEMBERED) tokens.delete(tracked)
  }
  const living = [...tokens].filter(({ removedAt }) => removedAt === undefined)
  if (living.length < LIVING) return create(world, node)
  const free = living.filter(({ writing }) => !writing)
  if (free.length === 0) return
  // One that nobody knows the state of goes first.
  const tracked = free.find(({ uncertain }) => uncertain) ?? randomItem(free, random)
  const { latest } = tracked.history
  const now = node.clock.now(monotonic())
  const plan = (tracked.uncertain ? remove : planWrite)(tracked.id, latest, now, random)
  if (plan === undefined) return
  tracked.writing = true
  await write(world, node, tracked, plan)
  tracked.writing = false
}

async function create({ tokens, tally, random }: World, node: SoakNode): Promise<void> {
  const scopes = random() < 0.5 ? ['b.read'] : ['a.read', 'b.read']
  const begun = monotonic()
  const expiresAt = random() < 0.5 ? node.clock.now(begun) + between(2_000, 30_000, random) : undefined
  const answer = await node.process.ask({ do: 'create', scopes, ...(expiresAt !== undefined && { expiresAt }) })
  if (!('token' in answer)) {
    tally.count('refused', `create: ${'error' in answer ? answer.error : 'nothing'}`)
    return
  }
  const { id, token } = answer
  const history = new History()
  const state: State = { exists: true, enabled: true, expiresAt, scopes, secrets: [{ token }] }
  history.begin('create', node.index, state, begun).ended = monotonic()
  tally.count('writes', 'create')
  tokens.add({ id, history, tokens: [token], writing: false, uncertain: false, removedAt: undefined })
}

async function write(world: World, node: SoakNode, tracked: Tracked, plan: Plan): Promise<void> {
  const { tally } = world
  const { history, id } = tracked
  const { exists } = history.latest
  const entry = history.begin(plan.what, node.index, plan.after(''), monotonic())
  const answer = await node.process.ask(plan.call)
  const outcome = outcomeOf(answer)
  if (outcome === 'gone already') {
    // Right for one whose removal nobody was sure of; who removed it is not known.
    if (exists && !tracked.uncertain) tally.fault({ write: plan.what, id, answer, history: history.writes.slice(-4) })
    entry.node = undefined
  } else if (outcome === 'refused') {
    tally.count('refused', `${plan.what}: ${'error' in answer ? answer.error : ''}`)
    history.undo(entry)
    return
  } else if (outcome === 'unknown') {
    tally.uncertain++
    tracked.uncertain = true
    return
  }
  if ('token' in answer) {
    entry.state = plan.after(answer.token)
    tracked.tokens.push(answer.token)
  }
  entry.ended = monotonic()
  if (!entry.state.exists) tracked.removedAt = entry.ended
  tally.count('writes', plan.what)
  // At once on this node.
  for (const token of tracked.tokens.slice(-3)) await verifyOne(world, node, tracked, token, ['b.read'])
}

function outcomeOf(answer: Answer): 'done' | 'gone already' | 'refused' | 'unknown' {
  if ('error' in answer) {
    if (answer.error === 'ERR_NOT_FOUND') return 'gone already'
    return answer.sure ? 'refused' : 'unknown'
  }
  return 'done' in answer && !answer.done ? 'gone already' : 'done'
}
