// What is taken from others: as little as was chosen, at the versions that were tried, and without running their scripts.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

interface Manifest {
  readonly name: string
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
  ...readdirSync(join(root, 'packages')).map((p) => `packages/${p}`),
]
const manifests = folders.map((folder) => JSON.parse(read(`${folder}/package.json`)) as Manifest)

/** All that comes along with each published package, beside our own. */
const RUNTIME: Readonly<Record<string, readonly string[]>> = {
  '@latchkey/core': ['@node-rs/argon2', 'ipaddr.js', 'lru-cache', 'zod'],
  '@latchkey/express': [],
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
