import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import type { Finding } from './finding.js'

const PACKAGES = ['express', 'koa', 'fastify', 'hono', 'store-sqlite', 'store-redis', 'store-postgres']

/** Which copies of core the host's configuration, and the packages beside it, would load. One is right. */
export function* copyFindings(config: string): Generator<Finding> {
  const start = createRequire(resolve(config))
  const versions = new Map<string, string>()
  for (const from of [start, ...PACKAGES.flatMap((name) => requireOf(start, `@latchkey/${name}`))]) {
    const path = resolved(from, '@latchkey/core/package.json')
    if (path !== undefined) versions.set(dirname(path), (from(path) as { version: string }).version)
  }
  if (versions.size < 2) return
  const copies = [...versions].map(([path, version]) => `${version} in ${path}`).join(', ')
  const advice = 'Install one: npm ls @latchkey/core shows who brings which.'
  yield { level: 'error', text: `There are ${versions.size} copies of @latchkey/core: ${copies}.`, advice }
}

/** How a package that is installed there finds others. */
function requireOf(from: NodeJS.Require, name: string): NodeJS.Require[] {
  const path = resolved(from, `${name}/package.json`)
  return path === undefined ? [] : [createRequire(path)]
}

function resolved(from: NodeJS.Require, name: string): string | undefined {
  try {
    return from.resolve(name)
  } catch {
    return undefined
  }
}
