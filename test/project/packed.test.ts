// The packages as users get them: packed, installed by npm into a folder of their own, loaded by plain Node.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mustRun, runProgram } from '../run-program.js'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly config?: { readonly pnpm: string }
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = (path: string): string => join(root, 'node_modules', path)

const rootManifest = await manifestIn(root)
const packages: { readonly folder: string; readonly manifest: Manifest }[] = []
for (const name of await readdir(join(root, 'packages'))) {
  const folder = join(root, 'packages', name)
  const manifest = await manifestIn(folder)
  if (!manifest.private) packages.push({ folder, manifest })
}
const names = packages.map(({ manifest }) => manifest.name)

let consumer: string
let tarballs: ReadonlyMap<string, string>

beforeAll(async () => {
  consumer = await mkdtemp(join(tmpdir(), 'latchkey-packed-'))
  await mustRun(process.execPath, ['tools/run.mjs', 'build'], root)
  const pnpm = `pnpm@${rootManifest.config?.pnpm}`
  const packArgs = ['-r', '--filter', './packages/*', 'pack', '--pack-destination', consumer]
  await mustRun('npx', ['--yes', '--prefer-offline', pnpm, ...packArgs], root)
  tarballs = new Map(
    packages.map(({ manifest: { name, version } }) => [
      name,
      join(consumer, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`),
    ]),
  )
  await writeFile(join(consumer, 'package.json'), '{ "private": true }')
  const flags = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  await mustRun('npm', ['install', ...flags, ...tarballs.values(), ...dependenciesOfHosts()], consumer)
}, 120_000)

afterAll(() => rm(consumer, { recursive: true, force: true }))

test('a tarball holds the manifest, the licence, and what was compiled from a source that is there', async () => {
  for (const { folder, manifest } of packages) {
    const sources = await filesIn(join(folder, 'src'))
    const compiled = sources.flatMap((file) =>
      ['.js', '.js.map', '.d.ts'].map((extension) => `dist/${file.replace(/\.ts$/, extension)}`),
    )
    const packed = await filesIn(join(consumer, 'node_modules', manifest.name))
    const notes = packed.includes('README.md') ? ['README.md'] : []
    expect(new Set(packed), manifest.name).toEqual(new Set(['LICENSE', 'package.json', ...notes, ...compiled]))
  }
})

test('import and require give the names that the sources export', async () => {
  await writeFile(
    join(consumer, 'import.mjs'),
    `const exported = {}
for (const [name, specifier] of JSON.parse(process.argv[2])) exported[name] = Object.keys(await import(specifier)).sort()
console.log(JSON.stringify(exported))`,
  )
  await writeFile(
    join(consumer, 'require.cjs'),
    `const exported = {}
for (const name of JSON.parse(process.argv[2])) exported[name] = Object.keys(require(name)).sort()
console.log(JSON.stringify(exported))`,
  )
  const node = async (script: string, argument: unknown): Promise<unknown> =>
    JSON.parse(await mustRun(process.execPath, [script, JSON.stringify(argument)], consumer))
  const built = packages.map(({ folder, manifest }) => [manifest.name, pathToFileURL(join(folder, 'dist/index.js'))])

  const expected = await node('import.mjs', built)
  expect(expected).toHaveProperty(['@latchkey/core'], expect.arrayContaining(['LatchkeyError']))
  const imported = names.map((name) => [name, name])
  expect(await node('import.mjs', imported)).toEqual(expected)
  expect(await node('require.cjs', names)).toEqual(expected)
})

test('the declarations compile in a strict consumer that checks its libraries', async () => {
  const lines = names.map((name, i) => `import * as p${i} from '${name}'\nexport const n${i} = Object.keys(p${i})`)
  await writeFile(join(consumer, 'consumer.mts'), lines.join('\n'))
  const wrong = `import type { Verdict } from '@latchkey/core'\nexport const verdict: Verdict = { ok: 'yes' }`
  await writeFile(join(consumer, 'wrong.mts'), wrong)
  const flags = '--module node16 --target es2023 --strict --noEmit --pretty false --types node'.split(' ')
  const errorsIn = async (file: string): Promise<string[]> => {
    const { stdout } = await runProgram(process.execPath, [bin('typescript/bin/tsc'), ...flags, file], consumer)
    // Declarations of others may clash with each other (those of Koa do beside Express 5.3): that is not ours to judge.
    return stdout
      .split('\n')
      .filter((line) => line.includes('error TS') && !/^node_modules\/(?!@latchkey\/)/.test(line))
  }
  expect(await errorsIn('consumer.mts')).toEqual([])
  expect(await errorsIn('wrong.mts')).toEqual([expect.stringContaining("is not assignable to type 'boolean'")])
})

describe.each(names)('the tarball of %s', (name) => {
  const check = (script: string, ...args: string[]): Promise<string> =>
    mustRun(process.execPath, [bin(script), ...args], consumer)

  test.concurrent('passes publint --strict', async () => {
    expect(await check('publint/src/cli.js', 'run', tarballs.get(name) ?? '', '--strict')).toContain('All good!')
  })

  test.concurrent('passes attw for ES modules', async () => {
    const args = [tarballs.get(name) ?? '', '--profile', 'esm-only', '--no-color', '--no-emoji']
    expect(await check('@arethetypeswrong/cli/dist/index.js', ...args)).toContain(name)
  })
})

/** The peers of our packages, with their types, in the versions that the packages themselves are tested with. */
function dependenciesOfHosts(): string[] {
  const wanted = new Map([['@types/node', rootManifest.devDependencies?.['@types/node']]])
  for (const { manifest } of packages) {
    for (const peer of Object.keys(manifest.peerDependencies ?? {})) {
      for (const name of [peer, `@types/${peer}`]) {
        const version = manifest.devDependencies?.[name]
        if (version !== undefined) wanted.set(name, version)
      }
    }
  }
  return [...wanted].map(([name, version]) => `${name}@${version}`)
}

async function manifestIn(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
}

/** Relative paths of all files, with forward slashes; without what is installed below. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .split(sep)
        .join('/'),
    )
    .filter((file) => !file.startsWith('node_modules/'))
}
