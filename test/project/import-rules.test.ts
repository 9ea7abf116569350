// Imports run one way: the rules in biome.json and tools/check-imports.mjs refuse what they are meant to refuse.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { type Ended, mustRun, runProgram } from '../run-program.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Writes files (path to text) into a folder of their own. */
async function project(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-imports-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}

const byText = (a: string, b: string) => a.localeCompare(b)

/** What Biome says of these files by the rules of this repository, as `path: message`. */
async function lint(files: Record<string, string>): Promise<string[]> {
  const config = JSON.parse(await readFile(join(root, 'biome.json'), 'utf8'))
  config.vcs = { enabled: false }
  const folder = await project({ ...files, 'biome.json': JSON.stringify(config) })
  const args = [
    'lint',
    '--reporter=json',
    '--only=noImportCycles',
    '--only=noRestrictedImports',
    '--max-diagnostics=none',
  ]
  const { stdout } = await runProgram(join(root, 'node_modules/.bin/biome'), args, folder)
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { message: string; location: { path: string } }[] }
  return diagnostics.map(({ message, location }) => `${location.path}: ${message}`).toSorted(byText)
}

test('Biome refuses imports that leave a package, other than by its public names, and cycles', async () => {
  const relative = 'A relative import stays in its package.'
  const relativeOfSource = 'A relative import of a source stays in its src folder.'
  const ADAPTERS =
    'Of our packages, an adapter imports @latchkey/core, @latchkey/core/adapter and @latchkey/core/fetch.'
  const table: [path: string, source: string, message?: string][] = [
    ['packages/core/src/uses-testkit.ts', "import '@latchkey/testkit'", 'Core imports no other package of ours.'],
    ['packages/core/src/uses-test.ts', "import '../test/a.js'", relativeOfSource],
    ['packages/core/src/fine.ts', "import './other.js'\nimport 'zod'"],
    [
      'packages/express/src/fine.ts',
      "import '@latchkey/core'\nimport '@latchkey/core/adapter'\nimport '@latchkey/core/fetch'\nimport 'express'",
    ],
    ['packages/express/src/uses-store.ts', "import '@latchkey/core/store'", ADAPTERS],
    ['packages/hono/src/uses-store.ts', "import '@latchkey/core/store'", ADAPTERS],
    ['packages/koa/src/uses-path.ts', "import type { A } from '../../core/src/errors.js'", relativeOfSource],
    ['packages/store-redis/src/fine.ts', "import '@latchkey/core/store'"],
    [
      'packages/store-redis/src/uses-core.ts',
      "const a = await import('@latchkey/core')",
      'Of our packages, a store imports @latchkey/core/store.',
    ],
    [
      'packages/testkit/src/uses-koa.ts',
      "export * from '@latchkey/koa'",
      'Of our packages, the testkit imports @latchkey/core.',
    ],
    ['packages/koa/test/fine.ts', "import '../src/index.js'\nimport '@latchkey/testkit'"],
    ['packages/koa/test/uses-path.ts', "import '../../core/src/errors.js'", relative],
    ['bench/src/uses-path.ts', "import '../../packages/core/src/index.js'", relative],
    ['bench/src/deep.ts', "import '@latchkey/core/src/errors.js'", 'A package is imported by its public names.'],
  ]
  const files = Object.fromEntries(table.map(([path, source]) => [path, `${source}\n`]))
  const expected = table.flatMap(([path, , message]) => (message === undefined ? [] : [`${path}: ${message}`]))
  expect(await lint(files)).toEqual(expected.toSorted(byText))
})

test('Biome refuses a cycle of types', async () => {
  const cycle = 'This import is part of a cycle.'
  const files = {
    'bench/src/a.ts': "import type { B } from './b.js'\n\nexport type A = B\n",
    'bench/src/b.ts': "import type { A } from './a.js'\n\nexport type B = A\n",
  }
  expect(await lint(files)).toEqual([`bench/src/a.ts: ${cycle}`, `bench/src/b.ts: ${cycle}`])
})

function checkImports(folder: string): Promise<Ended> {
  return runProgram(process.execPath, [join(root, 'tools/check-imports.mjs'), folder], root)
}

const CORE = 'packages/core/src'

test('imports of lower ranks pass, also examples in comments', async () => {
  const folder = await project({
    [`${CORE}/latchkey.ts`]: "import type { Options } from './options.js'\nimport express from 'express'\n",
    [`${CORE}/options.ts`]: "import {\n  a,\n  type B,\n} from './query/sort.js'\n",
    [`${CORE}/query/sort.ts`]: "/**\n * import { x } from '../http/guard.js'\n */\nexport * from '../errors.js'\n",
    [`${CORE}/errors.ts`]: "// import './http/guard.js'\nexport {}\n",
    [`${CORE}/store.ts`]: "export * from './store/memory-store.js'\n",
  })
  await mustRun(process.execPath, [join(root, 'tools/check-imports.mjs'), folder], root)
})

test.each<[what: string, file: string, source: string, violation: string]>([
  [
    'a lower rank imports a higher one',
    'token/format.ts',
    "export {}\nimport {\n  a,\n} from '../verify/cache.js'\n",
    "token/format.ts:4: 'token/' must not import 'verify/'; the order is",
  ],
  [
    'a type of a higher rank',
    'errors.ts',
    "import type { A } from './http/guard.js'\n",
    "errors.ts:1: 'errors.ts' must not import 'http/'",
  ],
  ['a re-export', 'store/a.ts', "export * from '../manage/b.js'\n", "'store/' must not import 'manage/'"],
  [
    'an import type in an expression',
    'types.ts',
    "type A = import('./latchkey.js').B",
    "'types.ts' must not import 'latchkey.ts'",
  ],
  [
    'two parts of one rank',
    'policy/scopes.ts',
    "import { a } from '../query/sort.js'\n",
    "'policy/' must not import 'query/'",
  ],
  ['a part without a rank', 'helpers/a.ts', "import { a } from '../errors.js'\n", "'helpers/' has no rank yet"],
])('refused: %s', async (_, file, source, violation) => {
  const { code, stderr } = await checkImports(await project({ [`${CORE}/${file}`]: source }))
  expect(stderr).toContain(violation)
  expect(code).toBe(1)
})
