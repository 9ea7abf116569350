// The ways to a living secret, as a token, a signed-in user and the host's own code go them.
import {
  type ApiToken,
  type Caller,
  type CreateInput,
  RequestError,
  type RotateInput,
  type UpdateInput,
} from '@latchkey/core'
import type { Reduction, Way } from './authority-page.js'
import type { Holding } from './authority-reach.js'
import type { Scene } from './scene.js'

export const CHANNELS = ['latchkey', 'dynatrace', 'panther', 'in process'] as const
export type Channel = (typeof CHANNELS)[number]

/** Who acts: with a token, or as a caller whom the host names. */
export interface Acting {
  readonly channel: Channel
  readonly token: string | undefined
  readonly caller: Caller
  /** The address that the request comes from. */
  readonly place: string
}

/** What is wanted of a token. What is absent is not asked for. */
export interface Wish {
  readonly scopes?: readonly string[]
  readonly networks?: readonly string[]
  readonly resources?: readonly string[]
  readonly lifetime?: number | undefined
  readonly owner?: string
  readonly personal?: boolean
  readonly metadata?: Holding['metadata']
}

export interface Answer {
  readonly status: number
  /** The new secret. */
  readonly token?: string
  /** The members whose values were refused, in the words of the in-process API. */
  readonly members?: readonly string[]
}

/** The members of a wish that a way has words for, in each channel. */
export function sayable(way: Way, channel: Channel, wish: Wish): Wish {
  const every = <T>(word: T) => ({
    ...{ scopes: word, networks: word, resources: word, lifetime: word, owner: word, personal: word, metadata: word },
  })
  const all = every(true)
  const none = every(false)
  const words = {
    create: channel === 'panther' ? { ...none, scopes: true, networks: true, lifetime: true } : all,
    update:
      channel === 'panther' ? { ...none, scopes: true, networks: true } : { ...all, owner: false, personal: false },
    enable: { ...all, owner: false, personal: false },
    rotate: channel === 'panther' ? none : { ...none, lifetime: true },
    cancel: none,
  }[wayOf(way)]
  return Object.fromEntries(Object.entries(wish).filter(([member]) => words[member as keyof typeof words]))
}

/** Whether a channel has this way at all. */
export function hasWay(way: Way, channel: Channel, isToken: boolean): boolean {
  if (way.endsWith('itself'))
    return isToken && channel !== 'in process' && !(channel === 'panther' && way !== 'rotate itself')
  return channel !== 'panther' || !['enable', 'cancel'].includes(way)
}

/** Goes one way. `id`: of the token that it is done to. */
export async function go(host: Scene, acting: Acting, way: Way, id: string, wish: Wish): Promise<Answer> {
  const said = sayable(way, acting.channel, wish)
  return acting.channel === 'in process'
    ? goInProcess(host, acting, way, id, said)
    : goOverHttp(host, acting, acting.channel, way, id, said)
}

type PlainWay = 'create' | 'update' | 'enable' | 'rotate' | 'cancel'

function wayOf(way: Way): PlainWay {
  return way.replace(' itself', '') as PlainWay
}

async function goInProcess(
  { latchkey, clock }: Scene,
  acting: Acting,
  way: Way,
  id: string,
  wish: Wish,
): Promise<Answer> {
  const { lifetime, ...input } = wish
  const on = { caller: acting.caller, ip: acting.place }
  const all = { ...input, ...(lifetime !== undefined && { expiresAt: clock.at + lifetime }) }
  const calls: Record<PlainWay, () => Promise<ApiToken | { token: string }>> = {
    create: () => latchkey.create({ name: 'child', ...all } as CreateInput, on),
    update: () => latchkey.update(id, all as UpdateInput, on),
    enable: () => latchkey.update(id, { enabled: true, ...all } as UpdateInput, on),
    rotate: () => latchkey.rotate(id, all as RotateInput, on),
    cancel: () => latchkey.cancelRotation(id, on),
  }
  try {
    const result = await calls[wayOf(way)]()
    return { status: 200, ...('token' in result && { token: result.token }) }
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    return { status: error.status, members: error.violations.map(({ path }) => path.replace(/\[.*/, '')) }
  }
}

const DYNATRACE = { scopes: 'scopes', networks: 'allowedCIDRBlocks', lifetime: 'expirationDate', owner: 'owner' }
const WORDS = {
  dynatrace: { ...DYNATRACE, resources: 'resources', personal: 'personalAccessToken', metadata: 'additionalMetadata' },
  panther: { scopes: 'permissions', networks: 'allowedCIDRBlocks', lifetime: 'expiresAt' },
  latchkey: {
    ...{ scopes: 'scopes', networks: 'networks', resources: 'resources', lifetime: 'expiresAt', owner: 'owner' },
    ...{ personal: 'personal', metadata: 'metadata' },
  },
}
const MOUNTS = { latchkey: '/latchkey', dynatrace: '/tokens', panther: '/panther' }
const UPDATES = { latchkey: 'PATCH', dynatrace: 'PUT', panther: 'POST' } as const

async function goOverHttp(
  { call, clock }: Scene,
  { token, place }: Acting,
  dialect: Exclude<Channel, 'in process'>,
  way: Way,
  id: string,
  { lifetime, ...wish }: Wish,
): Promise<Answer> {
  const words: Readonly<Record<string, string>> = WORDS[dialect]
  const wanted = { ...wish, ...(lifetime !== undefined && { lifetime: clock.at + lifetime }) }
  const body = Object.fromEntries(Object.entries(wanted).map(([member, value]) => [words[member], value]))
  const mount = MOUNTS[dialect]
  const named = way.endsWith('itself') ? 'self' : id
  const [method, path, sent] = (
    {
      create: ['POST', '', { name: 'child', ...body }],
      update: [UPDATES[dialect], `/${named}`, { name: 'child', ...body }],
      enable: [UPDATES[dialect], `/${named}`, { enabled: true, ...body }],
      rotate: ['POST', `/${named}/rotate`, body],
      cancel: ['POST', `/${named}/rotate/cancel`, {}],
    } as const
  )[wayOf(way)]
  const reply = await call(method, mount + path, token, { headers: ['X-Forwarded-For', place], body: sent })
  if (reply.status >= 300) {
    const { error, violations } = reply.json<{
      error?: { constraintViolations?: { path: string }[] }
      violations?: { path: string }[]
    }>()
    const spoken = new Map(
      Object.entries(words).map(([member, word]) => [word, member === 'lifetime' ? 'expiresAt' : member]),
    )
    const paths = (violations ?? error?.constraintViolations)?.map(({ path }) => path.replace(/\[.*/, ''))
    return { status: reply.status, ...(paths && { members: paths.map((member) => spoken.get(member) ?? member) }) }
  }
  if (reply.text === '') return { status: reply.status }
  const issued = reply.json<{ token?: string; value?: string }>()
  const secret = issued.token ?? issued.value
  return { status: reply.status, ...(secret !== undefined && { token: secret }) }
}

/** What each reduction says in a body of the Dynatrace dialect; `undefined` for those that have no body. */
const REDUCED: Readonly<Record<Reduction, object | undefined>> = {
  rename: { name: 'renamed' },
  'narrow scopes': { scopes: ['reports.read'] },
  'narrow networks': { allowedCIDRBlocks: ['10.1.0.0/16'] },
  'narrow resources': { resources: ['p:1'] },
  'shorten expiry': { expirationDate: 'now+1m' },
  disable: { enabled: false },
  'finish a rotation': undefined,
  delete: undefined,
}

/** Takes power from a token. Resolves to the status; to `undefined` if the channel has no words for it. */
export async function reduce(
  { call, latchkey }: Scene,
  { channel, token, caller, place }: Acting,
  reduction: Reduction,
  id: string,
): Promise<number | undefined> {
  const body = REDUCED[reduction]
  if (channel === 'in process') {
    const on = { caller, ip: place }
    const input = inOurWords(body)
    const calls: Partial<Record<Reduction, () => Promise<unknown>>> = {
      'finish a rotation': () => latchkey.finishRotation(id, on),
      delete: () => latchkey.delete(id, on),
    }
    const run = calls[reduction] ?? (() => latchkey.update(id, input as UpdateInput, on))
    return run().then(
      () => 200,
      (error: unknown) => (error instanceof RequestError ? error.status : Promise.reject(error)),
    )
  }
  if (channel === 'panther') {
    if (reduction === 'delete') return (await call('DELETE', `/panther/${id}`, token)).status
    if (!['rename', 'narrow scopes', 'narrow networks'].includes(reduction)) return undefined
    const { scopes: permissions = ['*'], ...rest } = { name: 'report', ...body } as { scopes?: string[] }
    return (await call('POST', `/panther/${id}`, token, { body: { permissions, ...rest } })).status
  }
  const mount = MOUNTS[channel]
  if (reduction === 'delete') return (await call('DELETE', `${mount}/${id}`, token)).status
  if (reduction === 'finish a rotation') return (await call('POST', `${mount}/${id}/rotate/finish`, token)).status
  const sent = channel === 'latchkey' ? inOurWords(body) : body
  return (await call(UPDATES[channel], `${mount}/${id}`, token, { body: sent })).status
}

function inOurWords(body: object = {}): object {
  const words = { allowedCIDRBlocks: 'networks', expirationDate: 'expiresAt' }
  const members = Object.entries(body).map(([member, value]) => [Reflect.get(words, member) ?? member, value])
  return Object.fromEntries(members)
}
