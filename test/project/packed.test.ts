// The packages as users get them: packed, installed by npm into a folder of their own, loaded by plain Node. The short
// form of npm run matrix, which does this for every host and version.
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LONG } from '../long.js'
import { runsAlone } from '../matrix/bundles.js'
import { runJest } from '../matrix/cells.js'
import { type Consumer, createConsumer, publishedPackages } from '../matrix/consumer.js'
import { passesAttw, passesPublint } from '../matrix/tarballs.js'
import { BUNDLER, compileTyped, NODE10, NODE16 } from '../matrix/typescript.js'
import { mustRun } from '../run-program.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = (path: string): string => join(root, 'node_modules', path)
const names = (await publishedPackages(root)).map(({ manifest }) => manifest.name)

let consumer: Consumer

beforeAll(async () => {
  await mustRun(process.execPath, ['tools/run.mjs', 'build'], root)
  const tools = ['@types/node', 'esbuild', 'express', 'jest', ...(LONG ? ['typescript54'] : [])]
  consumer = await createConsumer(root, tools)
}, 120_000)

afterAll(() => consumer?.remove())

const node = (...args: string[]) => mustRun(process.execPath, args, consumer.folder)

test('a tarball holds the manifest, the licence, and what was compiled from a source that is there', async () => {
  for (const { folder, manifest } of consumer.packages) {
    const sources = await filesIn(join(folder, 'src'))
    const compiled = sources.flatMap((file) =>
      ['.js', '.js.map', '.d.ts'].map((extension) => `dist/${file.replace(/\.ts$/, extension)}`),
    )
    const packed = await filesIn(join(consumer.folder, 'node_modules', manifest.name))
    const notes = packed.includes('README.md') ? ['README.md'] : []
    expect(new Set(packed), manifest.name).toEqual(new Set(['LICENSE', 'package.json', ...notes, ...compiled]))
  }
})

test('import and require give the names that the sources export, and one instance', async () => {
  await writeFile(
    join(consumer.folder, 'names.mjs'),
    `const exported = {}
const added = ['default', '__esModule', 'module.exports']
for (const [name, specifier] of JSON.parse(process.argv[2])) {
  exported[name] = Object.keys(await import(specifier)).filter((key) => !added.includes(key)).sort()
}
console.log(JSON.stringify(exported))`,
  )
  const namesOf = async (specifiers: unknown) => JSON.parse(await node('names.mjs', JSON.stringify(specifiers)))
  const built = consumer.packages.map(({ folder, manifest }) => [
    manifest.name,
    pathToFileURL(join(folder, 'dist/index.js')),
  ])
  const expected = await namesOf(built)
  expect(expected).toHaveProperty(['@latchkey/core'], expect.arrayContaining(['LatchkeyError']))
  expect(await namesOf(names.map((name) => [name, name]))).toEqual(expected)
  expect(
    await node('one-instance.mjs', JSON.stringify([...names, '@latchkey/core/adapter', '@latchkey/core/fetch'])),
  ).toBe('ok\n')
})

test('a host runs by import, by require, under Jest with its default configuration, and in a bundle', async () => {
  expect(await node('import.mjs')).toBe('ok\n')
  expect(await node('require.cjs')).toBe('ok\n')
  await runJest(consumer.folder)
  await runsAlone(consumer.folder, 'esbuild', 'cjs')
})

/** With LATCHKEY_LONG=1 also the oldest one, which takes three times as long, in the oldest mode. */
const COMPILERS = [
  { version: '7', tsc: () => bin('typescript/bin/tsc'), modes: LONG ? [NODE16, BUNDLER] : [NODE16] },
  ...(LONG
    ? [{ version: '5.4', tsc: () => join(consumer.folder, 'node_modules/typescript54/bin/tsc'), modes: [NODE10] }]
    : []),
]

describe.each(COMPILERS)('a strict host compiles with TypeScript $version', ({ version, tsc, modes }) => {
  test.each(modes)('$name', (mode) => compileTyped(consumer, tsc(), version, mode))
})

test('a host with HMAC loads no native module', async () => {
  const script = `process.on('exit', () => {
  console.log(Object.keys(require.cache).filter((file) => /\\.node$|@node-rs/.test(file)))
})
require('@latchkey/core/store')
require('./require.cjs')`
  await writeFile(join(consumer.folder, 'no-native.cjs'), script)
  expect(await node('no-native.cjs')).toBe('ok\n[]\n')
})

test('two copies of core work together; an incompatible one is named at set-up', async () => {
  const copy = join(consumer.folder, 'other/node_modules/@latchkey/core')
  await cp(join(consumer.folder, 'node_modules/@latchkey/core'), copy, { recursive: true })
  expect(await node('two-copies.cjs', copy)).toBe('ok\n')

  const replace = async (file: string, from: string, to: string) => {
    const text = await readFile(join(copy, file), 'utf8')
    expect(text).toContain(from)
    await writeFile(join(copy, file), text.replace(from, to))
  }
  const { version } = JSON.parse(await readFile(join(copy, 'package.json'), 'utf8'))
  await replace('dist/internals.js', '@latchkey/core/internals/1', '@latchkey/core/internals/0')
  await replace('dist/version.js', `'${version}'`, "'9.8.7'")
  expect(await node('two-copies.cjs', copy)).toBe(
    `latchkey was made by @latchkey/core 9.8.7, which does not work with @latchkey/core ${version} of this adapter. ` +
      'Install one version: npm ls @latchkey/core shows who brings which\n',
  )
})

test('a missing native module is told at set-up', async () => {
  const script = `const { argon2id } = require('@latchkey/core')
require('node:module')._resolveFilename = () => { throw new Error('not there') }
try { argon2id() } catch (error) { console.log(error.name, error.code, error.message, error.cause.message) }`
  await writeFile(join(consumer.folder, 'no-argon2.cjs'), script)
  expect(await node('no-argon2.cjs')).toBe(
    'TypeError ERR_OPTION argon2id cannot load the native module @node-rs/argon2. Install it where this program runs, ' +
      'or choose hmacSha256 not there\n',
  )
})

/** All packages with LATCHKEY_LONG=1; else one with several entries and one with one: all manifests are made alike. */
const OF_EACH_KIND = ['@latchkey/core', '@latchkey/express']

describe.each(names)('the tarball of %s', (name) => {
  const tarball = () => consumer.tarballs.get(name) ?? ''

  test.concurrent('passes publint --strict', () => passesPublint(root, name, tarball()))

  if (!LONG && !OF_EACH_KIND.includes(name)) return
  test.concurrent('passes attw in every column', () => passesAttw(root, name, tarball()))
})

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
