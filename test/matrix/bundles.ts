import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mustRun, runProgram } from '../run-program.js'

export type Bundler = 'esbuild' | 'rollup'
export type Format = 'cjs' | 'esm'

/**
 * An ES module has no `require`. esbuild leaves that of Node's own modules in it: this line is known from Express. Fastify reads
 * `require.cache`, whatever bundles it.
 */
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

const RESOLVE = '@rollup/plugin-node-resolve={preferBuiltins:true,exportConditions:["node"]}'

/** Bundles a file of the consumer with all that it imports, but for `external`. Returns the text of the bundle. */
export async function bundle(
  consumer: string,
  entry: string,
  output: string,
  { bundler, format, external = [] }: { bundler: Bundler; format: Format; external?: readonly string[] },
): Promise<string> {
  const script = join(
    consumer,
    'node_modules',
    bundler === 'esbuild' ? 'esbuild/bin/esbuild' : 'rollup/dist/bin/rollup',
  )
  const args =
    bundler === 'esbuild'
      ? [
          ...[entry, '--bundle', '--platform=node', '--target=node20', `--format=${format}`, `--outfile=${output}`],
          ...(format === 'esm' ? [`--banner:js=${BANNER}`] : []),
          ...['--log-level=warning', ...external.map((name) => `--external:${name}`)],
        ]
      : [
          ...[entry, '--format', format === 'esm' ? 'es' : 'cjs', '--file', output, '--silent'],
          ...(format === 'esm' ? ['--banner', BANNER] : []),
          ...['--plugin', RESOLVE, '--plugin', '@rollup/plugin-commonjs', '--plugin', '@rollup/plugin-json'],
          ...external.flatMap((name) => ['--external', name]),
        ]
  await mustRun(process.execPath, [script, ...args], consumer)
  return readFile(output, 'utf8')
}

/** A host with HMAC only: its bundle has nothing native in it, and runs where nothing is installed. */
export async function runsAlone(consumer: string, bundler: Bundler, format: Format, node = process.execPath) {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-bundle-'))
  try {
    const output = join(folder, `host.${ending(format)}`)
    const text = await bundle(consumer, format === 'cjs' ? 'require.cjs' : 'import.mjs', output, { bundler, format })
    const native = /[^'"`]*\.node['"`]|@napi-rs|libsql/.exec(text)
    if (native !== null) throw new Error(`the bundle holds ${native[0].slice(-80)}`)
    await mustPrintOk(node, output, folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A host with a native module: what is documented as external is found beside the bundle. */
export async function runsBesideModules(
  consumer: string,
  entry: string,
  { bundler, format, external }: { bundler: Bundler; format: Format; external: readonly string[] },
) {
  const output = join(consumer, `${entry}-${bundler}.${ending(format)}`)
  await bundle(consumer, entry, output, { bundler, format, external })
  await mustPrintOk(process.execPath, output, tmpdir())
}

/** The build that docs/hosts.md shows, of a host with Argon2id and SQLite. */
export async function runsAsDocumented(consumer: string, bundler: Bundler) {
  const args = bundler === 'esbuild' ? ['build.mjs'] : ['node_modules/rollup/dist/bin/rollup', '--config', '--silent']
  await mustRun(process.execPath, args, consumer)
  await mustPrintOk(process.execPath, join(consumer, `dist/${bundler}/server.cjs`), tmpdir())
}

/** Without the documented line, SQLite says at set-up which one is missing. */
export async function saysWhatIsExternal(consumer: string) {
  const output = join(consumer, 'sqlite-without.mjs')
  await bundle(consumer, 'sqlite.mjs', output, { bundler: 'esbuild', format: 'esm', external: ['libsql'] })
  const { stderr } = await runProgram(process.execPath, [output], consumer)
  const sentence = "external: ['@latchkey/store-sqlite']"
  if (!stderr.includes(sentence)) throw new Error(`no word of ${sentence}: ${stderr}`)
}

async function mustPrintOk(node: string, file: string, folder: string): Promise<void> {
  const stdout = await mustRun(node, [file], folder)
  if (stdout !== 'ok\n') throw new Error(`${file} printed ${stdout}`)
}

function ending(format: Format): string {
  return format === 'cjs' ? 'cjs' : 'mjs'
}
