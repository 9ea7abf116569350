import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mustRun } from '../run-program.js'

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly config?: { readonly pnpm: string }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** A published package: its folder in the repository, and what it says of itself. */
export interface Published {
  readonly folder: string
  readonly manifest: Manifest
}

/** A folder outside of the repository into which npm installed the packages as users get them. */
export interface Consumer {
  readonly folder: string
  readonly packages: readonly Published[]
  /** By the name of the package. */
  readonly tarballs: ReadonlyMap<string, string>
  remove(): Promise<void>
}

/**
 * Packs the compiled packages and installs the tarballs, the peers that they name, and some or all of the tools of
 * `test/matrix/host`, whose files are copied too.
 */
export async function createConsumer(root: string, tools: readonly string[] | 'all', others: readonly string[] = []) {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-packed-'))
  const packages = await publishedPackages(root)
  const tarballs = await packAll(root, packages, folder)
  const host = join(root, 'test/matrix/host')
  await cp(host, folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "private": true }')
  const pins = await manifestIn(host)
  const versions = { ...pins.dependencies, ...pins.devDependencies }
  const wanted = tools === 'all' ? Object.keys(versions) : tools
  const specs = wanted.map((name) => `${name}@${versions[name]}`)
  await npmInstall(folder, [...tarballs.values(), ...specs, ...peersOf(packages), ...others])
  const remove = () => rm(folder, { recursive: true, force: true })
  return { folder, packages, tarballs, remove } satisfies Consumer
}

/** No scripts are run: those of a dependency are no business of a test. */
function npmInstall(folder: string, specs: readonly string[]): Promise<string> {
  const flags = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  return mustRun('npm', ['install', ...flags, ...specs], folder)
}

export async function publishedPackages(root: string): Promise<Published[]> {
  const packages: Published[] = []
  for (const name of await readdir(join(root, 'packages'))) {
    const folder = join(root, 'packages', name)
    const manifest = await manifestIn(folder)
    if (!manifest.private) packages.push({ folder, manifest })
  }
  return packages
}

async function manifestIn(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
}

async function packAll(root: string, packages: readonly Published[], folder: string): Promise<Map<string, string>> {
  const { config } = await manifestIn(root)
  const packArgs = ['-r', '--filter', './packages/*', 'pack', '--pack-destination', folder]
  await mustRun('npx', ['--yes', '--prefer-offline', `pnpm@${config?.pnpm}`, ...packArgs], root)
  return new Map(
    packages.map(({ manifest: { name, version } }) => [
      name,
      join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`),
    ]),
  )
}

/** The peers of the packages, with their types, in the versions that the packages themselves are tested with. */
function peersOf(packages: readonly Published[]): string[] {
  const wanted = new Map<string, string>()
  for (const { manifest } of packages) {
    for (const peer of Object.keys(manifest.peerDependencies ?? {})) {
      for (const name of [peer, `@types/${peer}`]) {
        const version = manifest.devDependencies?.[name]
        if (version !== undefined && !version.startsWith('workspace:')) wanted.set(name, version)
      }
    }
  }
  return [...wanted].map(([name, version]) => `${name}@${version}`)
}
