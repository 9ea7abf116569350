import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { type Ended, runProgram } from './run-program.js'

const root = fileURLToPath(new URL('..', import.meta.url))

function check(folder: string): Promise<Ended> {
  return runProgram(process.execPath, [join(root, 'tools/check-imports.mjs'), folder], root)
}

/** Checks a project of these files: path to text. Each package in it has a manifest. */
async function checkTree(files: Record<string, string>): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-imports-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const manifests = ['core', 'express', 'testkit'].map((name) => [
    `packages/${name}/package.json`,
    JSON.stringify({ name: `@latchkey/${name}` }),
  ])
  for (const [path = '', text = ''] of [...manifests, ...Object.entries(files)]) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return await check(folder)
}

test('the imports of this repository run one way', async () => {
  expect(await check(root)).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('imports that follow the rules pass, also examples in comments', async () => {
  const { code, stderr } = await checkTree({
    'packages/core/src/latchkey.ts': "import type { Options } from './options.js'\n",
    'packages/core/src/options.ts': "import {\n  a,\n  type B,\n} from './query/sort.js'\n",
    'packages/core/src/query/sort.ts':
      "/**\n * import { x } from '@latchkey/express'\n */\nexport * from '../errors.js'\n",
    'packages/core/src/errors.ts': "// import '../../express/src/index.js'\nexport {}\n",
    'packages/express/src/index.ts': "import { a } from '@latchkey/core'\nimport express from 'express'\n",
    'packages/express/test/index.test.ts': "import '@latchkey/testkit'\nimport '../src/index.js'\n",
  })
  expect(stderr).toBe('')
  expect(code).toBe(0)
})

const CORE = 'packages/core/src'
const EXPRESS = 'packages/express/src/index.ts'
const DEEP = '@latchkey/core/src/errors.js'

test.each<{ rule: string; files: Record<string, string>; complaint: string }>([
  {
    rule: 'a lower rank imports a higher one',
    files: { [`${CORE}/token/format.ts`]: "export {}\nimport {\n  a,\n} from '../verify/cache.js'\n" },
    complaint: `${CORE}/token/format.ts:4 imports '../verify/cache.js': 'token' must not import 'verify'; the order is`,
  },
  {
    rule: 'so does a type import',
    files: { [`${CORE}/errors.ts`]: "import type { A } from './http/guard.js'\n" },
    complaint: `${CORE}/errors.ts:1 imports './http/guard.js': 'errors' must not import 'http'`,
  },
  {
    rule: 'and a re-export, and an import type in an expression',
    files: {
      [`${CORE}/store/a.ts`]: "export * from '../manage/b.js'\n",
      [`${CORE}/types.ts`]: "type A = import('./latchkey.js').B",
    },
    complaint: `${CORE}/types.ts:1 imports './latchkey.js': 'types' must not import 'latchkey'`,
  },
  {
    rule: 'two units of one rank',
    files: { [`${CORE}/policy/scopes.ts`]: "import { a } from '../query/sort.js'\n" },
    complaint: "'policy' must not import 'query'",
  },
  {
    rule: 'a unit without a rank',
    files: { [`${CORE}/helpers/a.ts`]: "import { a } from '../errors.js'\n" },
    complaint: "'helpers' has no rank yet",
  },
  {
    rule: 'a cycle of types inside one folder',
    files: {
      [`${CORE}/query/a.ts`]: "import type { B } from './b.js'\n",
      [`${CORE}/query/b.ts`]: "import type { C } from './c.js'\n",
      [`${CORE}/query/c.ts`]: "import type { A } from './a.js'\n",
    },
    complaint: `import cycle: ${CORE}/query/a.ts → ${CORE}/query/b.ts → ${CORE}/query/c.ts → ${CORE}/query/a.ts`,
  },
  {
    rule: 'core imports another package of ours',
    files: { [`${CORE}/index.ts`]: "export * from '@latchkey/testkit'\n" },
    complaint: 'the sources of @latchkey/core may import none',
  },
  {
    rule: 'an adapter imports the testkit in its sources',
    files: { [EXPRESS]: "import { a } from '@latchkey/testkit'\n" },
    complaint: 'the sources of @latchkey/express may import @latchkey/core',
  },
  {
    rule: 'a deep import by name',
    files: { [EXPRESS]: `const a = await import('${DEEP}')\n` },
    complaint: `${EXPRESS}:1 imports '${DEEP}': other packages are imported by their public name only`,
  },
  {
    rule: 'a deep import by path, also in a test',
    files: { 'packages/express/test/a.test.ts': "import { a } from '../../core/src/errors.js'\n" },
    complaint: "imports '../../core/src/errors.js': a relative import must stay in its package",
  },
  {
    rule: 'sources import tests',
    files: { [EXPRESS]: "import { a } from '../test/a.js'\n" },
    complaint: 'sources must not import tests',
  },
])('refused: $rule', async ({ files, complaint }) => {
  const { code, stderr } = await checkTree(files)
  expect(stderr).toContain(complaint)
  expect(code).toBe(1)
})
