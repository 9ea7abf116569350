// What is taken from others: as little as was chosen, at the versions that were tried, and without running their
// scripts.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { obstaclesOf } from '../../tools/release.mjs'

const root = join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly version?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const folders = [
  '.',
  'bench',
  'test',
  'test/servers',
  'examples',
  'examples/host',
  'examples/nestjs',
  'tools/docs',
  ...readdirSync(join(root, 'packages')).map((p) => `packages/${p}`),
]
const manifests = folders.map((folder) => JSON.parse(read(`${folder}/package.json`)) as Manifest)

/** All that comes along with each published package, beside our own. */
const RUNTIME: Readonly<Record<string, readonly string[]>> = {
  '@latchkey/cli': ['cli-progress', 'commander', 'pg', 'redis', 'string-width'],
  '@latchkey/console': [],
  '@latchkey/core': ['@node-rs/argon2', 'ipaddr.js', 'lru-cache', 'zod'],
  '@latchkey/express': [],
  '@latchkey/fastify': [],
  '@latchkey/hono': [],
  '@latchkey/koa': [],
  '@latchkey/store-postgres': [],
  '@latchkey/store-redis': [],
  '@latchkey/store-sqlite': ['libsql'],
  '@latchkey/testkit': [],
}

describe.each(manifests.filter(({ name }) => Object.hasOwn(RUNTIME, name)))('$name', (manifest) => {
  test('depends on exactly what was chosen, and runs nothing when it is installed', () => {
    const taken = Object.keys(manifest.dependencies ?? {}).filter((name) => !name.startsWith('@latchkey/'))
    expect(new Set(taken)).toEqual(new Set(RUNTIME[manifest.name]))
    expect(manifest.optionalDependencies).toBeUndefined()
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) {
      expect(manifest.scripts ?? {}).not.toHaveProperty(script)
    }
  })
})

test('every published package is looked at here', () => {
  const packages = manifests.filter((_, i) => folders[i]?.startsWith('packages/')).map(({ name }) => name)
  expect(new Set(packages)).toEqual(new Set(Object.keys(RUNTIME)))
})

test('nothing is published from a placeholder, an uncommitted change, or without a version', () => {
  const ready = { address: 'git+https://github.com/acme/latchkey.git', version: '0.1.0', changes: '' }
  expect(obstaclesOf(ready)).toEqual([])
  const { repository } = JSON.parse(read('package.json'))
  const missing = { address: repository.url, version: '0.0.0', changes: ' M package.json\n' }
  for (const [member, value] of Object.entries(missing)) {
    expect(obstaclesOf({ ...ready, [member]: value }), member).toHaveLength(1)
  }
  expect(read('tools/release.mjs')).toContain('if (obstacles.length > 0 && !isDry) throw')
})

test('private packages have no version of their own: changesets would count on from it', () => {
  const ahead = manifests.filter(({ private: isPrivate, version = '0.0.0' }) => isPrivate && version !== '0.0.0')
  expect(ahead.map(({ name }) => name)).toEqual([])
})

test('every version is exact', () => {
  for (const { name, dependencies, devDependencies } of manifests) {
    for (const [taken, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect([name, taken, version]).toEqual([
        name,
        taken,
        expect.stringMatching(/^(?:workspace:\^|(?:npm:@?[a-z0-9/-]+@)?\d+\.\d+\.\d+)$/),
      ])
    }
  }
})

test('the lockfile holds the digest of everything, all from the registry', () => {
  const packages = /^packages:\n([\s\S]*?)^snapshots:$/m.exec(read('pnpm-lock.yaml'))?.[1] ?? ''
  const entries = packages.split(/\n(?= {2}\S)/).filter((entry) => entry.trim() !== '')
  expect(entries.length).toBeGreaterThan(100)
  for (const entry of entries) expect(entry).toMatch(/resolution: \{integrity: sha512-[A-Za-z0-9+/=]+\}/)
})

test('install scripts are off, but for those named', () => {
  const settings = read('pnpm-workspace.yaml')
  expect(settings).toMatch(/^strictDepBuilds: true$/m)
  expect(settings).toMatch(/^allowBuilds: \{\}$/m)
  expect(settings).not.toMatch(/dangerouslyAllowAllBuilds/)
})
