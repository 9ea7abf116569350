import { join } from 'node:path'
import { mustRun } from '../run-program.js'
import { runsAlone, runsAsDocumented, runsBesideModules, saysWhatIsExternal } from './bundles.js'
import type { Consumer } from './consumer.js'
import { runsOnNext } from './next.js'
import { passesAttw, passesPublint } from './tarballs.js'
import { BUNDLER, compileTyped, NODE10, NODE16, NODENEXT } from './typescript.js'

/** One check: a host, how it loads the packages, and the version of the host. */
export interface Cell {
  readonly host: string
  readonly loading: string
  readonly version: string
  /** Rejects if the host does not work. */
  check(): Promise<unknown>
}

/** `nodes`: programs by the version that they are. */
export function cellsOf(consumer: Consumer, nodes: ReadonlyMap<string, string>): Cell[] {
  return [
    ...nodeCells(consumer, nodes),
    ...runtimeCells(consumer),
    ...runnerCells(consumer),
    ...typeCells(consumer),
    ...bundleCells(consumer),
    ...tarballCells(consumer),
  ]
}

function nodeCells({ folder, packages }: Consumer, nodes: ReadonlyMap<string, string>): Cell[] {
  const names = JSON.stringify(packages.map(({ manifest }) => manifest.name))
  return [...nodes].flatMap(([version, node]) => [
    { host: 'Node.js', loading: 'require', version, check: () => mustRun(node, ['require.cjs'], folder) },
    { host: 'Node.js', loading: 'import', version, check: () => mustRun(node, ['import.mjs'], folder) },
    {
      host: 'Node.js',
      loading: 'both, one instance',
      version,
      check: () => mustRun(node, ['one-instance.mjs', names], folder),
    },
    { host: 'Node.js', loading: 'the command latchkey', version, check: () => mustRun(node, ['cli.mjs'], folder) },
    {
      host: 'node --test',
      loading: 'import',
      version,
      check: () => mustRun(node, ['--test', 'node.test.mjs'], folder),
    },
  ])
}

/** Each on a server of its own, with a guard, the routes, a bound token and a repeated credential. */
function runtimeCells(consumer: Consumer): Cell[] {
  const { folder } = consumer
  // The binary itself: the package's own bin is written by an install script.
  const cpu = process.arch === 'arm64' ? 'aarch64' : process.arch
  const bun = join(folder, 'node_modules/@oven', `bun-${process.platform}-${cpu}`, 'bin/bun')
  const onBun = (hasher: string) => () => mustRun(bun, ['serve.mjs', hasher], folder)
  const onDeno = (hasher: string, ...more: string[]) => {
    const allowed = ['--node-modules-dir=manual', '--allow-env', '--allow-net', '--allow-read', ...more]
    return () =>
      mustRun(process.execPath, ['node_modules/deno/bin.cjs', 'run', ...allowed, 'serve.mjs', hasher], folder)
  }
  return [
    { host: 'Bun', loading: 'HMAC', version: '1.4', check: onBun('hmac') },
    { host: 'Bun', loading: 'Argon2id', version: '1.4', check: onBun('argon2') },
    { host: 'Deno', loading: 'HMAC', version: '2.9', check: onDeno('hmac') },
    { host: 'Deno', loading: 'Argon2id, `--allow-ffi`', version: '2.9', check: onDeno('argon2', '--allow-ffi') },
    { host: 'Next.js', loading: 'HMAC', version: '16.4', check: () => runsOnNext(consumer, 'hmac') },
    { host: 'Next.js', loading: 'Argon2id', version: '16.4', check: () => runsOnNext(consumer, 'argon2') },
  ]
}

function runnerCells({ folder }: Consumer): Cell[] {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', 'vitest.spec.mjs']
  return [
    { host: 'Jest 30', loading: 'default configuration', version: '30.5', check: () => runJest(folder) },
    { host: 'Jest 30', loading: 'ts-jest', version: '29.4', check: () => runTsJest(folder) },
    { host: 'Vitest', loading: 'import', version: '4.1', check: () => mustRun(process.execPath, vitest, folder) },
  ]
}

/** Jest as it is without any configuration, in a CommonJS package. */
export function runJest(folder: string): Promise<string> {
  return mustRun(
    process.execPath,
    ['node_modules/jest/bin/jest.js', '--ci', '--watchman=false', 'jest.test.js'],
    folder,
  )
}

function runTsJest(folder: string): Promise<string> {
  const args = ['--ci', '--watchman=false', '--config', 'ts-jest.config.json']
  return mustRun(process.execPath, ['node_modules/jest/bin/jest.js', ...args], folder)
}

const COMPILERS: readonly [version: string, name: string, hasNode10: boolean][] = [
  ['5.4', 'typescript54', true],
  ['5.7', 'typescript57', true],
  ['5.9', 'typescript59', true],
  ['6.0', 'typescript6', false],
  ['7.0', 'typescript7', false],
]

function typeCells(consumer: Consumer): Cell[] {
  return COMPILERS.flatMap(([version, name, hasNode10]) =>
    [NODE16, NODENEXT, BUNDLER, ...(hasNode10 ? [NODE10] : [])].map((mode) => ({
      host: 'TypeScript',
      loading: mode.name,
      version,
      check: () => compileTyped(consumer, join(consumer.folder, 'node_modules', name, 'bin/tsc'), name, mode),
    })),
  )
}

function bundleCells({ folder }: Consumer): Cell[] {
  const external = ['@latchkey/store-sqlite']
  const cells = (['esbuild', 'rollup'] as const).flatMap((bundler): Omit<Cell, 'version'>[] => [
    { host: bundler, loading: 'HMAC only, CommonJS, alone', check: () => runsAlone(folder, bundler, 'cjs') },
    { host: bundler, loading: 'HMAC only, ES module, alone', check: () => runsAlone(folder, bundler, 'esm') },
    {
      host: bundler,
      loading: 'Argon2id',
      check: () => runsBesideModules(folder, 'argon2.mjs', { bundler, format: 'esm', external: [] }),
    },
    { host: bundler, loading: 'as docs/hosts.md says', check: () => runsAsDocumented(folder, bundler) },
    {
      host: bundler,
      loading: `SQLite, external: ${external}`,
      check: () => runsBesideModules(folder, 'sqlite.mjs', { bundler, format: 'esm', external }),
    },
  ])
  const without = {
    host: 'esbuild',
    loading: 'SQLite without that line: a sentence',
    check: () => saysWhatIsExternal(folder),
  }
  return [...cells, without].map((cell) => ({ ...cell, version: cell.host === 'esbuild' ? '0.28' : '4.68' }))
}

function tarballCells({ folder, packages, tarballs }: Consumer): Cell[] {
  const ofEach = (check: (folder: string, name: string, tarball: string) => Promise<unknown>) => async () => {
    for (const { manifest } of packages) await check(folder, manifest.name, tarballs.get(manifest.name) ?? '')
  }
  return [
    { host: 'publint', loading: '--strict', version: '0.3', check: ofEach(passesPublint) },
    { host: 'attw', loading: 'every column', version: '0.18', check: ofEach(passesAttw) },
  ]
}
