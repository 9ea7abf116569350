import { createLatchkey, hmacSha256, type Latchkey, memoryStore, type VerifyContext } from '@latchkey/core'
import { choose, readBenchArguments } from './lib/arguments.js'
import { checkBounds } from './lib/check.js'
import { each, one, peerContender } from './lib/contenders.js'
import { expect } from './lib/expect.js'
import { floor } from './lib/floor.js'
import { issue, issueMany, knownToken, SCOPE } from './lib/issue.js'
import { report } from './lib/report.js'
import { type Contender, timeRounds } from './lib/rounds.js'
import { allPeers } from './peers/all.js'

/*
 * What one verification costs, in this process: `floor` is the least possible (see lib/floor.ts), the rows of Latchkey
 * are `verifyCached` (and `verify` in `latchkey-async`), hot unless the name says otherwise.
 */

const options = readBenchArguments(101)
const hasher = hmacSha256({ keys: { bench: Buffer.alloc(32, 1) }, current: 'bench' })
const cache = { ttl: 3_600_000 }
// Frozen, as a guard's list is.
const IPV4: VerifyContext = { ip: '10.9.1.2', scopes: Object.freeze([SCOPE]) }
const MAPPED: VerifyContext = { ...IPV4, ip: '::ffff:10.9.1.2' }
const IPV6: VerifyContext = { ...IPV4, ip: '2001:db8::17' }

const latchkey = createLatchkey({ store: memoryStore(), cache, hasher })
const hot = await issue(latchkey)
const many = await issueMany(latchkey, 10_000)
const [one4, ten4, hundred4] = await Promise.all(
  [1, 10, 100].map((count) => issue(latchkey, { networks: blocks(count) })),
)
const one6 = await issue(latchkey, { networks: ['2001:db8::/32'] })
const scoped = await issue(latchkey, { scopes: Array.from({ length: 20 }, (_, i) => `area${i}.read`) })

const untracked = createLatchkey({ store: memoryStore(), cache, hasher, lastUsed: false })
const unnoted = await issue(untracked)

// With the slow hasher, so that a proof made for a wrong secret could not go unseen.
const known = await knownToken()
const store = memoryStore()
await (await store.open('default')).insert(known.record)
const slow = createLatchkey({ store, cache })
const unknown = await issue(createLatchkey({ store: memoryStore(), hasher }))
const junk = `${hot.slice(0, 40)}!`

const contenders: Contender[] = [
  one('floor', floor([hot]), hot),
  each('floor-10k', floor(many), many),
  one('latchkey', lets(latchkey, IPV4), hot),
  {
    name: 'latchkey-async',
    async run(times) {
      let good = 0
      for (let i = 0; i < times; i++) if ((await latchkey.verify(hot, IPV4)).ok) good++
      expect(good === times, 'latchkey-async lets a good token in')
    },
  },
  each('latchkey-10k', lets(latchkey, IPV4), many),
  one('latchkey-untracked', lets(untracked, IPV4), unnoted),
  one('latchkey-cidr4-1', lets(latchkey, IPV4), one4 ?? ''),
  one('latchkey-cidr4', lets(latchkey, IPV4), ten4 ?? ''),
  one('latchkey-cidr4-mapped', lets(latchkey, MAPPED), ten4 ?? ''),
  one('latchkey-cidr4-100', lets(latchkey, IPV4), hundred4 ?? ''),
  one('latchkey-cidr4-100-mapped', lets(latchkey, MAPPED), hundred4 ?? ''),
  one('latchkey-ipv6', lets(latchkey, IPV6), one6),
  one('latchkey-20-scopes', lets(latchkey, { scopes: Object.freeze(['area19.read']) }), scoped),
  one('latchkey-wrong-secret', refuses(slow, 'wrong_secret'), known.forged),
  one('latchkey-unknown-id', refuses(latchkey, 'unknown'), unknown),
  one('latchkey-junk', refuses(latchkey, 'malformed'), junk),
]
for (const peer of await allPeers(known)) {
  expect(await peer.verify(peer.credential), `${peer.name} lets a good credential in`)
  expect(!(await peer.verify(peer.forged)), `${peer.name} refuses a forged credential`)
  contenders.push(peerContender(peer))
}

// What the first call has to fetch or prove is not what is measured here.
for (const token of [hot, ...many]) expect((await latchkey.verify(token, IPV4)).ok, 'Latchkey knows its tokens')
for (const token of [one4, ten4, hundred4]) await latchkey.verify(token ?? '', IPV4)
await latchkey.verify(one6, IPV6)
await latchkey.verify(scoped)
await latchkey.verify(unknown)
await untracked.verify(unnoted)
expect((await slow.verify(known.token)).ok, 'the slow hasher proves a right secret')
expect(!floor([known.token])(known.forged), 'floor refuses a wrong secret')
const proofsBefore = slow.stats().proofs.done

const timings = await timeRounds(choose(contenders, options.only), options.rounds)
expect(slow.stats().proofs.done === proofsBefore, 'a wrong secret never costs an Argon2 run')
await Promise.all([latchkey.close(), untracked.close(), slow.close()])

const least = timings.find(({ name }) => name === 'floor')?.ns
const rows = timings.map(({ name, ns }) => ({
  name,
  ns: Math.round(ns),
  ...(least !== undefined && { ofFloor: Math.round((ns / least) * 100) / 100 }),
}))
report('verify', rows, options.json)
if (options.check) checkBounds('verify', rows, options.only)

function lets(instance: Latchkey, context: VerifyContext): (token: string) => boolean {
  return (token) => instance.verifyCached(token, context)?.ok === true
}

function refuses(instance: Latchkey, reason: string): (token: string) => boolean {
  return (token) => {
    const verdict = instance.verifyCached(token, IPV4)
    return verdict?.ok === false && verdict.denial.reason === reason
  }
}

/** Disjoint blocks, of which the client's address is in the last but a few. */
function blocks(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `10.${9 + i}.0.0/16`)
}
