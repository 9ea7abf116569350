import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure, root, say, step } from './step.mjs'

const { repository, config } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const PNPM = `pnpm@${config.pnpm}`
const NPX = ['--yes', '--prefer-offline', PNPM]

/**
 * Publishes, with provenance, every package whose version the registry does not have, and writes `sbom.cdx.json`, the list
 * of all that comes along. `isDry`: publishes nothing, and lists what would go out.
 */
export async function publish({ isDry }) {
  const obstacles = obstaclesOf({
    address: repository.url,
    version: JSON.parse(readFileSync(join(root, 'packages/core/package.json'), 'utf8')).version,
    changes: execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' }),
  })
  if (obstacles.length > 0 && !isDry) throw new Failure(`Nothing was published. ${obstacles.join(' ')}`)
  await pack(isDry)
  if (isDry) {
    say('a dry run: nothing was published')
    for (const obstacle of obstacles) say(`before a release: ${obstacle}`)
  } else {
    const env = { ...process.env, NPM_CONFIG_PROVENANCE: 'true' }
    await step('publish (changesets)', 'npx', [...NPX, 'exec', 'changeset', 'publish'], { stdout: 'inherit', env })
  }
}

/**
 * What must be done before anything can be published, a sentence each. `address` of the repository, `version` of all packages,
 * `changes`: what `git status --porcelain` prints.
 */
export function obstaclesOf({ address, version, changes }) {
  const obstacles = []
  if (address.includes('/OWNER/')) {
    obstacles.push('Write the address of the repository into the root package.json, and run npm run manifests.')
  }
  if (version === '0.0.0') obstacles.push('Give the packages a version: npx changeset version && npm run manifests.')
  if (changes.trim() !== '') obstacles.push('Commit what is not committed: git status shows it.')
  return obstacles
}

/** Packs into a folder of its own, to show the tarballs and to list what an installation of all of them holds. */
async function pack(isShown) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-release-'))
  try {
    const packArgs = ['-r', '--filter', './packages/*', 'pack', '--pack-destination', folder]
    await step('pack the packages', 'npx', [...NPX, ...packArgs])
    const tarballs = readdirSync(folder).map((name) => join(folder, name))
    if (isShown) for (const tarball of tarballs) show(tarball)
    say('write sbom.cdx.json (npm sbom)')
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "name": "latchkey", "version": "0.0.0" }')
    const npm = (...args) => execFileSync('npm', args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 })
    npm('install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs)
    writeFileSync(join(root, 'sbom.cdx.json'), npm('sbom', '--sbom-format=cyclonedx', '--omit=dev'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function show(tarball) {
  const list = (...args) => execFileSync('tar', ['-xzf', tarball, ...args], { encoding: 'utf8' })
  const { name, version } = JSON.parse(list('-O', 'package/package.json'))
  const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n')
  console.log(`${name}@${version}: ${files.length} files, ${Math.ceil(statSync(tarball).size / 1024)} KiB`)
  for (const file of files.toSorted()) console.log(`  ${file.replace(/^package\//, '')}`)
}
