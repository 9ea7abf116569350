import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureChromium } from './chromium.mjs'
import { ensurePostgres } from './postgres.mjs'
import { prepare } from './prepare.mjs'
import { ensureRedis } from './redis.mjs'
import { publish } from './release.mjs'
import { searchRun } from './secrets/run.mjs'
import { Failure, nodeStep, root, say } from './step.mjs'
import { ensureWrk } from './wrk.mjs'

const commands = {
  start,
  test,
  long,
  check,
  build: prepare,
  bench,
  soak,
  docs,
  fuzz,
  secrets,
  matrix,
  screenshots,
  manifests,
  release,
}

/** Runs one command; failures become a sentence on stderr and the exit code. */
export async function main([name, ...args]) {
  try {
    if (!Object.hasOwn(commands, name ?? '')) {
      throw new Failure(`Unknown command "${name ?? ''}". Known: ${Object.keys(commands).join(', ')}.`, 2)
    }
    await commands[name](args)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    say(error.message)
    process.exitCode = error.exitCode
  }
}

async function start(args) {
  await prepare()
  say('start the example host')
  await runModule('examples/host/dist/main.js', args)
}

/** Everything, or, given arguments, only Vitest with these. */
async function test(args) {
  if (args.length === 0) await check()
  else await prepare()
  await ensureRedis()
  await ensurePostgres()
  await ensureChromium()
  await nodeStep('run the tests (vitest)', 'node_modules/vitest/vitest.mjs', ['run', ...args], { stdout: 'inherit' })
  if (args.length === 0) say('all checks and tests passed')
}

const LONG_TESTS = [
  'test/threats',
  'test/console',
  'test/soak',
  'packages/store-sqlite',
  'packages/store-redis',
  'packages/store-postgres',
  'packages/fastify',
  'packages/testkit',
  'test/cli',
  'test/host/environments',
  'test/project/packed',
  'packages/hono',
  'test/host/shutdown',
]

/** The tests that have a short form in `npm test`, in their long form; or those whose path contains an argument. */
async function long(args) {
  await prepare()
  await ensureRedis()
  await ensurePostgres()
  await ensureChromium()
  await nodeStep(
    'run the long form of the tests (vitest)',
    'node_modules/vitest/vitest.mjs',
    ['run', ...(args.length > 0 ? args : LONG_TESTS)],
    { stdout: 'inherit', env: { ...process.env, LATCHKEY_LONG: '1' } },
  )
}

/** Everything that is judged without running the product. */
async function check() {
  await prepare()
  await nodeStep('check style and rules (biome)', 'node_modules/@biomejs/biome/bin/biome', [
    'check',
    '--error-on-warnings',
    '.',
  ])
  await typesStep('check the types of the tests (tsc)', 'tsconfig.test.json')
  await typesStep('check the types for Express 4 (tsc)', 'packages/express/test/tsconfig.express4.json')
  await typesStep('check the types beside a token of the host (tsc)', 'packages/express/test/own-token/tsconfig.json')
  await typesStep(
    'check the types beside a token of the host, for Express 4 (tsc)',
    'packages/express/test/own-token/tsconfig.express4.json',
  )
  await typesStep(
    'check the types beside a token of the host, for Fastify (tsc)',
    'packages/fastify/test/own-token/tsconfig.json',
  )
  await typesStep('check the types for Koa 2 (tsc)', 'packages/koa/test/tsconfig.koa2.json')
  await typesStep('check the types of the tokens page (tsc)', 'packages/console/page/tsconfig.json')
  await nodeStep('check that the manifests say where the packages come from', 'tools/manifests.mjs', ['--check'])
  await nodeStep('check that imports run one way', 'tools/check-imports.mjs', [])
  await nodeStep('check that the generated pages say what the code says', 'tools/docs/generate.mjs', ['--check'])
}

/** Writes the pages of docs/ that are made from the code. */
async function docs() {
  await prepare()
  await nodeStep('write docs/errors.md, docs/cli.md and docs/reference', 'tools/docs/generate.mjs', [])
}

function typesStep(title, project) {
  return nodeStep(title, 'node_modules/typescript/bin/tsc', ['-p', project])
}

async function bench([name, ...args]) {
  const names = readdirSync(join(root, 'bench/src'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'))
  if (!names.includes(name)) {
    throw new Failure(`Name a benchmark: npm run bench <name>. There are: ${names.join(', ')}.`, 2)
  }
  await prepare()
  if (name === 'http') await ensureWrk()
  say(`run the benchmark ${name}`)
  await runModule(`bench/dist/${name}.js`, args)
}

/** Many minutes of mixed traffic while things break. */
async function soak(args) {
  await prepare()
  const names = (store) => args.some((arg) => arg === store || arg === `--store=${store}`)
  if (names('postgres')) await ensurePostgres()
  else if (!names('memory') && !names('sqlite')) await ensureRedis()
  await runModule('test/soak/dist/main.js', args)
}

/** The properties of test/fuzz with random seeds, until the time is over. */
async function fuzz(args) {
  const minutes = args[0] === '--minutes' ? Number(args[1]) : args.length === 0 ? 1 : Number.NaN
  if (!(minutes > 0)) throw new Failure('Say how long: npm run fuzz -- --minutes 10.', 2)
  await prepare()
  await nodeStep(
    `attack the parsers for ${minutes} min (vitest)`,
    'node_modules/vitest/vitest.mjs',
    ['run', '--reporter=verbose', 'test/fuzz'],
    { stdout: 'inherit', env: { ...process.env, LATCHKEY_FUZZ_MINUTES: String(minutes) } },
  )
}

/** The packed packages in every host that is promised. Fetches what is not in npm's cache. */
async function matrix(args) {
  await prepare()
  await runModule('test/matrix/dist/matrix/main.js', args)
}

/** Draws the pictures of docs/images: the tokens page in Chromium. Look at them before you commit them. */
async function screenshots() {
  await prepare()
  await ensureChromium()
  await nodeStep('draw the tokens page', 'test/console/screenshots.mjs', [])
}

/** Writes what stands in all manifests, from the root package.json. */
async function manifests() {
  await nodeStep('write the manifests of the packages', 'tools/manifests.mjs', [])
}

/** Publishes what the registry does not have yet; with --dry-run, says what that would be. */
async function release(args) {
  if (args.length > 1 || (args.length === 1 && args[0] !== '--dry-run')) {
    throw new Failure('Say npm run release, or npm run release -- --dry-run.', 2)
  }
  await prepare()
  await nodeStep('check the manifests', 'tools/manifests.mjs', ['--check'])
  await publish({ isDry: args.length === 1 })
}

/** The tests at their most verbose, and a search for every secret that they issue in all that they leave behind. */
async function secrets(args) {
  await prepare()
  await ensureRedis()
  await ensurePostgres()
  await ensureChromium()
  await searchRun(args)
}

/**
 * Runs a compiled program in this process, as if it were `node <file> <args>`: it reads process.argv.slice(2), and has
 * the signals, the exit code and stdout for itself. One process less, and no signal to pass on. (Ctrl-C reaches it
 * twice: from the terminal, and from npm, which passes it on; so a second signal must not cut its shutdown short.)
 */
async function runModule(file, args) {
  const path = join(root, file)
  process.argv = [process.execPath, path, ...args]
  await import(pathToFileURL(path).href)
}
