import { createLatchkey, type ForeignFormat, type Latchkey, memoryStore, type VerifyContext } from '@latchkey/core'
import { expect } from '../harness/observe.js'
import { FAST_HASHER, issue, issueMany, knownToken, LONG_CACHE, SCOPE, storeWith } from '../harness/tokens.js'
import { type Repeat, repeatEach, repeatOne } from '../harness/verifications.js'
import { floor } from './floor.js'
import { PEERS, type Peer } from './peers.js'

const MANY = 10_000
/** As long as a key of better-auth. */
const FOREIGN: ForeignFormat = { name: 'foreign', match: /^[a-f]{64}$/ }
const OPTIONS = { cache: LONG_CACHE, hasher: FAST_HASHER }
// Frozen, as the list of a guard is.
const IPV4: VerifyContext = { ip: '10.9.1.2', scopes: Object.freeze([SCOPE]) }
const MAPPED: VerifyContext = { ...IPV4, ip: '::ffff:10.9.1.2' }
const IPV6: VerifyContext = { ...IPV4, ip: '2001:db8::17' }
const PROJECT: VerifyContext = { ...IPV4, resources: Object.freeze(['project:17']) }
const AREA_19: VerifyContext = { ...IPV4, scopes: Object.freeze(['area19.read']) }

const LATCHKEY: Readonly<Record<string, () => Promise<Repeat>>> = {
  latchkey: () => hot(IPV4),
  'latchkey-async': async () => {
    const latchkey = instance()
    const token = await issue(latchkey)
    return async (times) => {
      let good = 0
      for (let i = 0; i < times; i++) if ((await latchkey.verify(token, IPV4)).ok) good++
      expect(good === times, 'every verification lets the token in')
    }
  },
  'latchkey-10k': async () => {
    const latchkey = instance()
    const tokens = await issueMany(latchkey, MANY)
    for (const token of tokens) expect((await latchkey.verify(token, IPV4)).ok, 'every token is valid')
    return repeatEach(admits(latchkey, IPV4), tokens)
  },
  'latchkey-untracked': () => hot(IPV4, {}, createLatchkey({ ...OPTIONS, store: memoryStore(), lastUsed: false })),
  'latchkey-cidr4-1': () => hot(IPV4, { networks: blocks(1) }),
  'latchkey-cidr4': () => hot(IPV4, { networks: blocks(10) }),
  'latchkey-cidr4-mapped': () => hot(MAPPED, { networks: blocks(10) }),
  'latchkey-cidr4-100': () => hot(IPV4, { networks: blocks(100) }),
  'latchkey-cidr4-100-mapped': () => hot(MAPPED, { networks: blocks(100) }),
  'latchkey-ipv6': () => hot(IPV6, { networks: ['2001:db8::/32'] }),
  'latchkey-resource': () => hot(PROJECT, { resources: ['project:17'] }),
  'latchkey-resource-any': () => hot({ ...IPV4, resources: 'any' }, { resources: ['project:17'] }),
  'latchkey-resource-100': () => hot(PROJECT, { resources: projects(100) }),
  'latchkey-resource-all': () => hot(PROJECT, { resources: ['project:*'] }),
  'latchkey-20-scopes': () => hot(AREA_19, { scopes: Array.from({ length: 20 }, (_, i) => `area${i}.read`) }),
  'foreign-sha256': async () => {
    const latchkey = foreignInstance()
    const key = 'abcdef'.repeat(11).slice(0, 64)
    await latchkey.importTokens([{ name: 'bench', owner: 'bench', scopes: [SCOPE], key }])
    expect((await latchkey.verify(key, IPV4)).ok, 'the key is admitted')
    return repeatOne(admits(latchkey, IPV4), key)
  },
  'latchkey-beside-foreign': () => hot(IPV4, {}, foreignInstance()),
  'latchkey-wrong-secret': async () => {
    // With the slow hasher: a wrong secret must not run it.
    const known = await knownToken()
    const latchkey = createLatchkey({ store: await storeWith(known), cache: LONG_CACHE })
    expect((await latchkey.verify(known.token)).ok, 'the right secret is admitted')
    const { done } = latchkey.stats().proofs
    const repeat = repeatOne(denies(latchkey, 'wrong_secret'), known.forged)
    return async (times) => {
      await repeat(times)
      expect(latchkey.stats().proofs.done === done, 'a wrong secret never runs Argon2')
    }
  },
  'latchkey-unknown-id': async () => {
    const latchkey = instance()
    const unknown = await issue(instance())
    await latchkey.verify(unknown)
    return repeatOne(denies(latchkey, 'unknown'), unknown)
  },
  'latchkey-junk': async () => {
    const latchkey = instance()
    return repeatOne(denies(latchkey, 'malformed'), `${(await issue(latchkey)).slice(0, 40)}!`)
  },
  'foreign-junk': async () => {
    const latchkey = foreignInstance()
    return repeatOne(denies(latchkey, 'malformed'), `${(await issue(latchkey)).slice(0, 40)}!`)
  },
}

/** Each prepares one contender: what its first call must read or prove is not measured. In the order of the table. */
export const CONTENDERS: Readonly<Record<string, () => Promise<Repeat>>> = {
  floor: async () => {
    const { token, forged } = await knownToken()
    const verify = floor([token])
    expect(!verify(forged), 'the floor refuses a wrong secret')
    return repeatOne(verify, token)
  },
  'floor-10k': async () => {
    const tokens = await issueMany(instance(), MANY)
    return repeatEach(floor(tokens), tokens)
  },
  ...LATCHKEY,
  ...Object.fromEntries(
    Object.entries(PEERS).map(([name, create]) => [name, async () => ofPeer(await create(await knownToken()))]),
  ),
}

function instance(): Latchkey {
  return createLatchkey({ ...OPTIONS, store: memoryStore() })
}

function foreignInstance(): Latchkey {
  return createLatchkey({ ...OPTIONS, store: memoryStore(), foreign: [FOREIGN] })
}

async function hot(context: VerifyContext, extra = {}, latchkey = instance()): Promise<Repeat> {
  const token = await issue(latchkey, extra)
  expect((await latchkey.verify(token, context)).ok, 'the token is admitted')
  return repeatOne(admits(latchkey, context), token)
}

async function ofPeer({ verify, credential, forged }: Peer): Promise<Repeat> {
  expect(await verify(credential), 'the peer admits a good credential')
  expect(!(await verify(forged)), 'the peer refuses a forged credential')
  return repeatOne(verify, credential)
}

function admits(latchkey: Latchkey, context: VerifyContext): (token: string) => boolean {
  return (token) => latchkey.verifyCached(token, context)?.ok === true
}

function denies(latchkey: Latchkey, reason: string): (token: string) => boolean {
  return (token) => {
    const verdict = latchkey.verifyCached(token, IPV4)
    return verdict?.ok === false && verdict.denial.reason === reason
  }
}

/** Disjoint blocks. The client's address is in the first. */
function blocks(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `10.${9 + i}.0.0/16`)
}

function projects(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `project:${i}`)
}
