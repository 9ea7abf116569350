import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeStep, root, step } from './step.mjs'

/** Installs what is missing and compiles. Takes a fraction of a second when there is nothing to do. */
export async function prepare() {
  await install()
  removeStaleOutputs()
  await nodeStep('build the tokens page (vite)', 'packages/console/build-page.mjs', [])
  await nodeStep('compile the packages (tsc -b)', 'node_modules/typescript/bin/tsc', ['-b'])
}

/** `tsc -b` leaves what it compiled from a source that is gone: this removes it. */
function removeStaleOutputs() {
  for (const { path } of readJson('tsconfig.json').references) {
    const { rootDir, outDir } = readJson(join(path, 'tsconfig.json')).compilerOptions
    const [sources, outputs] = [join(root, path, rootDir), join(root, path, outDir)]
    if (!existsSync(outputs)) continue
    for (const output of readdirSync(outputs, { recursive: true })) {
      const source = output.replace(/\.(?:js|js\.map|d\.ts)$/, '.ts')
      if (source !== output && !existsSync(join(sources, source))) rmSync(join(outputs, output))
    }
  }
}

async function install() {
  const stampFile = join(root, 'node_modules/.latchkey-stamp')
  const stamp = wantedStamp()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  const { config } = readJson('package.json')
  const pnpm = `pnpm@${config.pnpm}`
  await step(
    `install the packages of pnpm-lock.yaml (${pnpm} through npx)`,
    'npx',
    // npm is silent, since its errors are stack traces; pnpm tells what went wrong in sentences.
    ['--yes', '--prefer-offline', '--loglevel=silent', pnpm, 'install', '--frozen-lockfile', '--loglevel=error'],
    {
      // npm's default is to try an unreachable registry for 80 s.
      env: { ...process.env, npm_config_fetch_retry_mintimeout: '1000', npm_config_fetch_retry_maxtimeout: '3000' },
      onFailure:
        'The packages could not be installed. The first run, and each change of pnpm-lock.yaml, needs the npm registry: ' +
        'check that this machine can reach it. If a package.json was edited, update the lockfile: ' +
        `npx ${pnpm} install`,
    },
  )
  writeFileSync(stampFile, stamp)
}

/** A digest of all that decides what an installation holds. */
function wantedStamp() {
  const folders = [
    '.',
    'bench',
    'examples',
    'examples/host',
    'examples/nestjs',
    'test',
    'test/servers',
    'tools/docs',
    ...children('packages'),
  ]
  const manifests = folders.map((folder) => join(folder, 'package.json')).filter((file) => existsSync(join(root, file)))
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests]) {
    const text = readFileSync(join(root, file))
    hash.update(`${file} ${text.length}\n`).update(text)
  }
  return hash.digest('hex')
}

function children(folder) {
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name))
}

function readJson(file) {
  return JSON.parse(readFileSync(join(root, file), 'utf8'))
}
