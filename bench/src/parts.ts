import { hash } from 'node:crypto'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { LRUCache } from 'lru-cache'
import { choose, readBenchArguments } from './lib/arguments.js'
import { expect } from './lib/expect.js'
import { report } from './lib/report.js'
import { type Contender, timeRounds } from './lib/rounds.js'

/*
 * What the parts of a verification cost by themselves, in this process: those that `floor` is made of, those that
 * Latchkey adds, and those that it does without.
 */

const options = readBenchArguments(51)
const token = `lk.${'A'.repeat(24)}.${'B'.repeat(64)}`
const ids = Array.from({ length: 64 }, (_, i) => `lk.${String(i).padStart(24, 'A')}`)
const entries = new LRUCache<string, { readonly scopes: ReadonlySet<string> }>({ max: 50_000 })
// As it comes from a store: not the same string as the one that a route asks for.
const scopes: ReadonlySet<string> = new Set(JSON.parse('["reports.read", "reports.write"]') as string[])
for (const id of ids) entries.set(id, { scopes })
const tokens = ids.map((id) => `${id}.${'B'.repeat(64)}`)
const places: ({ readonly scopes: ReadonlySet<string> } | undefined)[] = new Array(65_536).fill({ scopes })

const memories = new WeakMap<object, object>()
const memory = Symbol('memory')
class Given {
  constructor(target: object) {
    // biome-ignore lint/correctness/noConstructorReturn: that is what it is for
    return target
  }
}
/** As a guard remembers its answer. */
class Hidden extends Given {
  #memory: object | undefined
  static read = (target: object) => (#memory in target ? target.#memory : undefined)
  static write(target: object): void {
    new Hidden(target).#memory = target
  }
}
/** As Express makes every request one of its own, by changing its prototype. */
const expressRequest = Object.create(IncomingMessage.prototype) as object
const socket = new Socket()
// Requests outlive the guard that makes them remember.
let latest: object = {}

// What 10,000 entries take, linked at random: the next look is known only when the last one has come.
const LINES = 2 ** 17
const memoryLines = new Int32Array(16 * LINES)
for (let i = 0; i < LINES; i++) memoryLines[16 * i] = 16 * ((i * 74_933 + 40_503) % LINES)
let line = 0

const contenders: Contender[] = [
  part('sha256-hex', () => hash('sha256', token, 'hex').length),
  part('sha256-binary', () => hash('sha256', token, 'binary').length),
  part('lru-get', (i) => entries.get(ids[i & 63] ?? '')?.scopes.size ?? 0),
  part('cut-id-and-lru-get', (i) => entries.get((tokens[i & 63] ?? '').slice(0, 27))?.scopes.size ?? 0),
  part('place-of-token', (i) => {
    const text = tokens[i & 63] ?? ''
    let last = text.charCodeAt(23)
    for (let at = 24; at <= 26; at++) last = last * 33 + text.charCodeAt(at)
    return places[Math.imul(last, 0x9e3779b1) >>> 16]?.scopes.size ?? 2
  }),
  part('date-now', () => Date.now()),
  part('performance-now', () => performance.now()),
  part('scope-in-set', () => (scopes.has('reports.read') ? 1 : 0)),
  part('weakmap-get-and-set', () => {
    const key = {}
    if (memories.get(key) === undefined) memories.set(key, key)
    latest = key
    return 1
  }),
  part('symbol-get-and-set', () => {
    const key: { [memory]?: object } = {}
    if (key[memory] === undefined) key[memory] = key
    latest = key
    return 1
  }),
  part('hidden-symbol-set', () => {
    const key = {}
    Reflect.defineProperty(key, memory, { value: key, configurable: true })
    latest = key
    return 1
  }),
  part('private-field-get-and-set', () => {
    const key = {}
    if (Hidden.read(key) === undefined) Hidden.write(key)
    latest = key
    return 1
  }),
  part('look-into-8-mib', () => {
    line = memoryLines[line] ?? 0
    return 1
  }),
  part('request', () => {
    latest = new IncomingMessage(socket)
    return 1
  }),
  part('request-member', () => {
    const request: IncomingMessage & { apiToken?: string } = new IncomingMessage(socket)
    request.apiToken = token
    latest = request
    return 1
  }),
  part('express-request', () => {
    latest = Object.setPrototypeOf(new IncomingMessage(socket), expressRequest) as object
    return 1
  }),
  part('express-request-member', () => {
    const request = Object.setPrototypeOf(new IncomingMessage(socket), expressRequest) as { apiToken?: string }
    request.apiToken = token
    latest = request
    return 1
  }),
]
const timings = await timeRounds(choose(contenders, options.only), options.rounds)
expect(latest !== memories, 'a request was kept')
report(
  'parts',
  timings.map(({ name, ns }) => ({ name, ns: Math.round(ns) })),
  options.json,
)

/** `run` answers a positive number, so that nothing of it can be left out. */
function part(name: string, run: (i: number) => number): Contender {
  return {
    name,
    run(times) {
      let sum = 0
      for (let i = 0; i < times; i++) sum += run(i)
      expect(sum > 0, `${name} is carried out`)
    },
  }
}
