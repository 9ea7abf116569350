import { argon2id, createLatchkey, hmacSha256, type Latchkey, memoryStore, type VerifyContext } from '@latchkey/core'
import { readBenchArguments } from './lib/arguments.js'
import { floor } from './lib/floor.js'
import { report } from './lib/report.js'
import { type Contender, timeRounds } from './lib/rounds.js'

/*
 * What one verification costs, in this process: `floor` is the least possible (see lib/floor.ts), the rows of Latchkey
 * are `verifyCached` (and `verify` in `latchkey-async`), hot unless the name says otherwise.
 */

const options = readBenchArguments(15)
const hasher = hmacSha256({ keys: { bench: Buffer.alloc(32, 1) }, current: 'bench' })
const CACHE = { ttl: 3_600_000 }

const latchkey = createLatchkey({ store: memoryStore(), cache: CACHE, hasher })
const slow = createLatchkey({ store: memoryStore(), cache: CACHE, hasher: argon2id() })
const issue = async (extra: { networks?: string[]; scopes?: string[] } = {}) =>
  (await latchkey.create({ owner: 'bench', name: 'bench', scopes: ['a.read'], ...extra })).token

const hot = await issue()
const many = await Promise.all(Array.from({ length: 10_000 }, () => issue()))
const restricted = await issue({ networks: Array.from({ length: 10 }, (_, i) => `10.${i}.0.0/16`) })
const hundred = await issue({ networks: Array.from({ length: 100 }, (_, i) => `10.${i}.0.0/16`) })
const sixth = await issue({ networks: ['2001:db8::/32'] })
const scoped = await issue({ scopes: Array.from({ length: 20 }, (_, i) => `area${i}.read`) })
const argon = (await slow.create({ owner: 'bench', name: 'bench', scopes: ['a.read'] })).token
await slow.verify(argon)
const unknown = await foreignToken()
const proofsBefore = slow.stats().proofs.done

const IPV4: VerifyContext = { ip: '10.9.1.2', scopes: ['a.read'] }
const contenders: Contender[] = [
  one('floor', floor([hot]), hot),
  each('floor-10k', floor(many), many),
  one('latchkey', verifies(latchkey, IPV4), hot),
  {
    name: 'latchkey-async',
    async run(times) {
      for (let i = 0; i < times; i++) expect((await latchkey.verify(hot, IPV4)).ok)
    },
  },
  each('latchkey-10k', verifies(latchkey, IPV4), many),
  one('latchkey-cidr4', verifies(latchkey, IPV4), restricted),
  one('latchkey-cidr4-mapped', verifies(latchkey, { ...IPV4, ip: '::ffff:10.9.1.2' }), restricted),
  one('latchkey-cidr4-100', verifies(latchkey, IPV4), hundred),
  one('latchkey-ipv6', verifies(latchkey, { ...IPV4, ip: '2001:db8::17' }), sixth),
  one('latchkey-20-scopes', verifies(latchkey, { scopes: ['area19.read'] }), scoped),
  one('latchkey-wrong-secret', refuses(slow, 'wrong_secret'), await otherSecret(argon)),
  one('latchkey-unknown-id', refuses(latchkey, 'unknown'), unknown),
  one('latchkey-junk', refuses(latchkey, 'malformed'), `${hot.slice(0, 40)}!`),
]

const chosen = contenders.filter(({ name }) => options.only?.includes(name) ?? true)
// What the first call has to fetch is not what is measured here.
for (const token of [hot, restricted, hundred, sixth, scoped])
  expect((await latchkey.verify(token, { ip: ipFor(token) })).ok)
for (const token of many) expect((await latchkey.verify(token)).ok)
await latchkey.verify(unknown)

const timings = await timeRounds(chosen, options.rounds)
const base = timings.find(({ name }) => name === 'floor')?.ns
const rows = timings.map(({ name, ns }) => ({
  name,
  ns: Math.round(ns),
  ...(base !== undefined && { 'of floor': Math.round((ns / base) * 100) / 100 }),
}))
report('verify', rows, options.json)
const proofs = slow.stats().proofs.done - proofsBefore
if (!options.json) process.stdout.write(`\nArgon2 runs for wrong secrets: ${proofs}\n`)
expect(proofs === 0)
await Promise.all([latchkey.close(), slow.close()])

function ipFor(token: string): string {
  return token === sixth ? '2001:db8::17' : '10.9.1.2'
}

function one(name: string, verify: (token: string) => boolean, token: string): Contender {
  return {
    name,
    run(times) {
      let good = 0
      for (let i = 0; i < times; i++) if (verify(token)) good++
      expect(good === times)
    },
  }
}

function each(name: string, verify: (token: string) => boolean, tokens: readonly string[]): Contender {
  let next = 0
  return {
    name,
    run(times) {
      let good = 0
      for (let i = 0; i < times; i++) {
        next = (next + 7_919) % tokens.length
        if (verify(tokens[next] ?? '')) good++
      }
      expect(good === times)
    },
  }
}

function verifies(instance: Latchkey, context: VerifyContext): (token: string) => boolean {
  return (token) => instance.verifyCached(token, context)?.ok === true
}

function refuses(instance: Latchkey, reason: string): (token: string) => boolean {
  return (token) => {
    const verdict = instance.verifyCached(token, IPV4)
    return verdict?.ok === false && verdict.denial.reason === reason
  }
}

/** A well-formed token with the same id and another secret. */
async function otherSecret(token: string): Promise<string> {
  const id = token.slice(0, token.lastIndexOf('.'))
  const store = memoryStore()
  const forger = createLatchkey({ store, hasher })
  const forged = await forger.create({ owner: 'x', name: 'x', scopes: ['x'] })
  const environment = await store.open('default')
  const record = await environment.find(forged.id)
  if (record === undefined) throw new Error('the forged token is not there')
  await environment.insert({ ...record, id, version: 1 })
  return (await forger.rotate(id)).token
}

/** A genuine token of another store. */
async function foreignToken(): Promise<string> {
  const elsewhere = createLatchkey({ store: memoryStore(), hasher })
  return (await elsewhere.create({ owner: 'x', name: 'x', scopes: ['x'] })).token
}

function expect(holds: boolean): void {
  if (!holds) throw new Error('A contender of the benchmark does not do what it should')
}
