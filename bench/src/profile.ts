import { FRAMEWORKS } from './http/guarded.js'
import { startServer } from './http/measure.js'
import type { Frame } from './http/profiler.js'
import { findWrk } from './http/wrk.js'
import { choose, readArgumentsWith } from './lib/arguments.js'
import { knownToken } from './lib/issue.js'
import { report } from './lib/report.js'

/*
 * Where a guard's time goes in a real server: the servers of `http`, one after another, sampled by V8's profiler. In
 * microseconds of CPU for one request; the parts of a guard by what stands where.
 */

const PARTS: Readonly<Record<string, (frame: Frame) => boolean>> = {
  hash: ({ name, url }) => name === 'oneShotDigest' || (name === 'hash' && url === 'node:internal/crypto/hash'),
  cache: ({ url }) => url.includes('/lru-cache/'),
  core: ({ url }) => url.includes('/packages/core/'),
  adapter: ({ url }) => /\/packages\/(?:express|koa)\//.test(url),
  address: ({ name, url }) =>
    /\/(?:forwarded|proxy-addr)\//.test(url) || (/request\.js$/.test(url) && /\bip$/.test(name)),
  floor: ({ url }) => /\/bench\/dist\/(?:lib|http)\//.test(url),
  garbage: ({ name }) => name === '(garbage collector)',
}

const options = readArgumentsWith({ seconds: 10 })
const servers = choose(
  FRAMEWORKS.flatMap((framework) =>
    (['bare', 'floor', 'latchkey'] as const).map((guard) => ({ name: `${framework}-${guard}`, framework, guard })),
  ),
  options.only,
)
const known = await knownToken()
await findWrk()

const rows = []
for (const { name, framework, guard } of servers) {
  const server = await startServer(framework, guard, known)
  const { requests, frames } = await server.profile(options.seconds)
  await server.stop()
  const perRequest = (chosen: readonly Frame[]) =>
    Math.round((100 * chosen.reduce((sum, { us }) => sum + us, 0)) / requests) / 100
  const parts = Object.entries(PARTS).map(([part, isOf]) => [`${part}Us`, perRequest(frames.filter(isOf))])
  rows.push({ name, allUs: perRequest(frames), ...(Object.fromEntries(parts) as Record<string, number>) })
}
report('profile', rows, options.json)
