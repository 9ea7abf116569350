import { createLatchkey, hmacSha256, type Latchkey, memoryStore, type VerifyContext } from '@latchkey/core'
import { each, one, peerContender } from '../lib/contenders.js'
import { expect } from '../lib/expect.js'
import { floor } from '../lib/floor.js'
import { issue, issueMany, knownToken, SCOPE } from '../lib/issue.js'
import type { Contender } from '../lib/rounds.js'
import { PEERS } from '../peers/all.js'
import type { Peer } from '../peers/peer.js'

const hasher = hmacSha256({ keys: { bench: Buffer.alloc(32, 1) }, current: 'bench' })
const cache = { ttl: 3_600_000 }
// Frozen, as a guard's list is.
const IPV4: VerifyContext = { ip: '10.9.1.2', scopes: Object.freeze([SCOPE]) }
const MAPPED: VerifyContext = { ...IPV4, ip: '::ffff:10.9.1.2' }
const IPV6: VerifyContext = { ...IPV4, ip: '2001:db8::17' }

/** Makes a contender ready: what its first call has to fetch or prove is not measured. */
type Make = (name: string) => Promise<Contender>

/** By the names of their rows, in the order of the table. */
export const CONTENDERS: Readonly<Record<string, Make>> = {
  floor: async (name) => {
    const { token, forged } = await knownToken()
    const verify = floor([token])
    expect(!verify(forged), 'floor refuses a wrong secret')
    return one(name, verify, token)
  },
  'floor-10k': async (name) => {
    const tokens = await issueMany(instance(), 10_000)
    return each(name, floor(tokens), tokens)
  },
  latchkey: (name) => hot(name, instance(), IPV4),
  'latchkey-async': async (name) => {
    const latchkey = instance()
    const token = await issue(latchkey)
    return {
      name,
      async run(times) {
        let good = 0
        for (let i = 0; i < times; i++) if ((await latchkey.verify(token, IPV4)).ok) good++
        expect(good === times, `${name} lets a good token in`)
      },
    }
  },
  'latchkey-10k': async (name) => {
    const latchkey = instance()
    const tokens = await issueMany(latchkey, 10_000)
    for (const token of tokens) expect((await latchkey.verify(token, IPV4)).ok, 'Latchkey knows its tokens')
    return each(name, lets(latchkey, IPV4), tokens)
  },
  'latchkey-untracked': (name) =>
    hot(name, createLatchkey({ store: memoryStore(), cache, hasher, lastUsed: false }), IPV4),
  'latchkey-cidr4-1': (name) => hot(name, instance(), IPV4, { networks: blocks(1) }),
  'latchkey-cidr4': (name) => hot(name, instance(), IPV4, { networks: blocks(10) }),
  'latchkey-cidr4-mapped': (name) => hot(name, instance(), MAPPED, { networks: blocks(10) }),
  'latchkey-cidr4-100': (name) => hot(name, instance(), IPV4, { networks: blocks(100) }),
  'latchkey-cidr4-100-mapped': (name) => hot(name, instance(), MAPPED, { networks: blocks(100) }),
  'latchkey-ipv6': (name) => hot(name, instance(), IPV6, { networks: ['2001:db8::/32'] }),
  'latchkey-20-scopes': (name) =>
    hot(
      name,
      instance(),
      { ip: '10.9.1.2', scopes: Object.freeze(['area19.read']) },
      { scopes: Array.from({ length: 20 }, (_, i) => `area${i}.read`) },
    ),
  'latchkey-wrong-secret': async (name) => {
    // With the slow hasher, so that a proof made for a wrong secret could not go unseen.
    const { token, record, forged } = await knownToken()
    const store = memoryStore()
    await (await store.open('default')).insert(record)
    const latchkey = createLatchkey({ store, cache })
    expect((await latchkey.verify(token)).ok, 'the slow hasher proves a right secret')
    const { done } = latchkey.stats().proofs
    const { run } = one(name, refuses(latchkey, 'wrong_secret'), forged)
    return {
      name,
      async run(times) {
        await run(times)
        expect(latchkey.stats().proofs.done === done, 'a wrong secret never costs an Argon2 run')
      },
    }
  },
  'latchkey-unknown-id': async (name) => {
    const latchkey = instance()
    const unknown = await issue(instance())
    await latchkey.verify(unknown)
    return one(name, refuses(latchkey, 'unknown'), unknown)
  },
  'latchkey-junk': async (name) => {
    const latchkey = instance()
    return one(name, refuses(latchkey, 'malformed'), `${(await issue(latchkey)).slice(0, 40)}!`)
  },
  ...Object.fromEntries(
    Object.entries(PEERS).map(([name, make]) => [name, async () => ofPeer(await make(await knownToken()))]),
  ),
}

function instance(): Latchkey {
  return createLatchkey({ store: memoryStore(), cache, hasher })
}

async function hot(name: string, latchkey: Latchkey, context: VerifyContext, extra = {}): Promise<Contender> {
  const token = await issue(latchkey, extra)
  expect((await latchkey.verify(token, context)).ok, `${name} lets a good token in`)
  return one(name, lets(latchkey, context), token)
}

async function ofPeer(peer: Peer): Promise<Contender> {
  expect(await peer.verify(peer.credential), `${peer.name} lets a good credential in`)
  expect(!(await peer.verify(peer.forged)), `${peer.name} refuses a forged credential`)
  return peerContender(peer)
}

function lets(latchkey: Latchkey, context: VerifyContext): (token: string) => boolean {
  return (token) => latchkey.verifyCached(token, context)?.ok === true
}

function refuses(latchkey: Latchkey, reason: string): (token: string) => boolean {
  return (token) => {
    const verdict = latchkey.verifyCached(token, IPV4)
    return verdict?.ok === false && verdict.denial.reason === reason
  }
}

/** Disjoint blocks, of which the client's address is in the last but a few. */
function blocks(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `10.${9 + i}.0.0/16`)
}
