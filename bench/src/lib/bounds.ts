/** What must hold within one run of a benchmark. */
export interface Bound {
  readonly row: string
  /** The member of the row that is judged. */
  readonly member: string
  /** Compared with this row of the same run; absent: the figure itself is judged. */
  readonly against?: { readonly row: string; readonly by: 'ratio' | 'difference'; readonly member?: string }
  readonly atMost?: number
  readonly atLeast?: number
  /** Why it must hold, in words. */
  readonly reason: string
}

function ratio(
  row: string,
  other: string,
  limit: Pick<Bound, 'atMost' | 'atLeast'>,
  reason: string,
  member = 'ns',
): Bound {
  return { row, member, against: { row: other, by: 'ratio' }, ...limit, reason }
}

function more(row: string, other: string, atMost: number, reason: string, member = 'ns'): Bound {
  return { row, member, against: { row: other, by: 'difference' }, atMost, reason }
}

function at(row: string, member: string, atMost: number, reason: string): Bound {
  return { row, member, atMost, reason }
}

/** Of the row of a guard, in what a server answers in a second. */
function besideFloor(row: string): Bound[] {
  return [
    { row, member: 'ofFloor', atLeast: 0.98, reason: 'a guard costs no more than the least that it must do' },
    { row, member: 'ofUntracked', atLeast: 0.97, reason: 'noting last uses is nearly free' },
  ]
}

function http(framework: 'express' | 'koa'): Bound[] {
  const of = (guard: string) => `${framework}-${guard}`
  return [
    ...besideFloor(of('latchkey')),
    at(of('latchkey'), 'p99OfBare', 1.3, 'nobody waits notably longer because there is a guard'),
    ...['passport', 'jwt', 'better-auth'].map((peer) =>
      ratio(of('latchkey'), of(peer), { atLeast: 1 }, 'ahead of every peer', 'rps'),
    ),
  ]
}

function flood(framework: 'express' | 'koa'): Bound[] {
  const forged = `${framework}-forged`
  const cold = `${framework}-cold`
  return [
    ratio(
      forged,
      `${framework}-quiet`,
      { atMost: 3 },
      'a flood is not felt by those who hold good tokens',
      'goodP99Us',
    ),
    at(forged, 'proofs', 0, 'a forged token never costs a slow hash'),
    at(forged, 'delayP99Ms', 20, 'nothing in a refusal holds up the event loop'),
    at(forged, 'heapGrowthMiB', 16, 'unknown ids are remembered in a bounded cache, wrong secrets and junk not at all'),
    {
      row: forged,
      member: 'perSecond',
      against: { row: forged, by: 'ratio', member: 'asked' },
      atLeast: 0.95,
      reason: 'the flood was one',
    },
    at(cold, 'mostWaiting', 1_000, 'the queue of proofs is bounded'),
    at(cold, 'ofArgon2', 1.4, 'who is admitted waits for Argon2 and for nothing else'),
    at(cold, 'delayP99Ms', 20, 'proofs run beside the event loop'),
    ratio(
      cold,
      `${framework}-warm`,
      { atMost: 2.5 },
      'the wait is for 2,000 requests at once, whatever they ask, and not for 1,000 proofs',
      'goodMaxUs',
    ),
  ]
}

/** One table for all benchmarks. Ratios rather than times, so that they hold on any machine. */
export const BOUNDS: Readonly<Record<string, readonly Bound[]>> = {
  verify: [
    ratio('latchkey', 'floor', { atMost: 1.15 }, 'expiry, network, scopes and last use cost little beside the hash'),
    ratio('latchkey-10k', 'floor-10k', { atMost: 1.15 }, 'an entry is small enough that many do not cost more'),
    ratio('latchkey', 'latchkey-untracked', { atMost: 1.1 }, 'noting a last use is a few writes into the entry'),
    more('latchkey-cidr4', 'latchkey', 150, 'blocks are compiled when the record loads, IPv4 is matched by integers'),
    more('latchkey-ipv6', 'latchkey', 250, 'an IPv6 address that came before is not parsed again'),
    ratio('latchkey-cidr4-100', 'latchkey-cidr4-1', { atMost: 1.5 }, 'blocks are searched, not walked'),
    ratio('latchkey-cidr4-100-mapped', 'latchkey-cidr4-1', { atMost: 1.5 }, 'mapped IPv4 is read as what it is'),
    ratio('latchkey-wrong-secret', 'floor', { atMost: 1.5 }, 'a flood of wrong secrets costs no more than good ones'),
    ratio('latchkey-junk', 'floor', { atMost: 0.3 }, 'junk is refused by its shape, before anything is hashed'),
    ratio('passport-http-bearer', 'latchkey', { atLeast: 1.6 }, 'no closures, objects or regular expressions per call'),
    ratio('prefixed-api-key', 'latchkey', { atLeast: 2 }, 'one-shot hash, digests compared as text'),
    ratio('jsonwebtoken-hs256', 'latchkey', { atLeast: 7 }, 'an opaque token is looked up, not parsed and signed'),
    ratio('jose-hs256', 'latchkey', { atLeast: 7 }, 'the same, and no promise'),
    ratio('better-auth', 'latchkey', { atLeast: 100 }, 'verification writes nothing and reads a cache'),
  ],
  http: [
    ...http('express'),
    ...http('koa'),
    more('koa-latchkey', 'koa-bare', 10, 'what a host pays for each request, in microseconds of CPU', 'cpuUs'),
  ],
  flood: [...flood('express'), ...flood('koa')],
  timing: [
    'unknown-first:wrong-secret-first',
    'unknown:wrong-secret',
    'wrong-secret:disabled-wrong-secret',
    'wrong-secret:expired-wrong-secret',
    'wrong-secret:retired-secret',
    'wrong-secret:disabled',
    'disabled:expired',
    'disabled:owner-unknown',
  ].map((row) => ({
    row,
    member: 'differenceNs',
    atMost: 50_000,
    atLeast: -50_000,
    reason: 'no refusal does slow work that another lacks: one slow hash takes 10,000,000 ns',
  })),
  cold: [
    {
      row: 'hmac-sha256-memory',
      member: 'usEach',
      atMost: 40,
      reason: 'with hmacSha256 a restart is not noticed: a first verification is one read and one HMAC',
    },
  ],
  memory: ['50000', '500000'].map((row) => ({
    row,
    member: 'bytesPerToken',
    atMost: 1024,
    reason: '50,000 cached tokens, the default, stay below 50 MiB',
  })),
  scale: ['hotNs', 'coldUs', 'createUs'].map((member) =>
    ratio('1000000', '1000', { atMost: 1.3 }, 'no work on one token depends on how many there are', member),
  ),
  revocation: [
    at('channel-up', 'missed', 0, 'no revocation is lost'),
    at('channel-up', 'p99Ms', 10, 'the channel tells every process at once'),
    at('subscriber-killed', 'missed', 0, 'what a killed subscriber did not hear is in the streams'),
    at('subscriber-killed', 'maxMs', 300, 'a killed subscriber is back soon, and then reads what it missed'),
    at('cut-off', 'letInLate', 0, 'nobody is let in on knowledge older than the ttl of the cache'),
    at('cut-off', 'not503', 0, 'what cannot be known is answered with 503'),
    at('sqlite-two-processes', 'missed', 0, 'no revocation is lost'),
    at('sqlite-two-processes', 'maxMs', 200, 'the other process looks for changes every 100 ms'),
  ],
}
