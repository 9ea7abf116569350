// Writes what the manifests and READMEs of the published packages say of where they come from: node tools/manifests.mjs. With --check
// it writes nothing, and fails if a file is not what it would write. The address of the repository stands in the root
// package.json alone.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const read = (path) => readFileSync(join(root, path), 'utf8')
const { repository } = JSON.parse(read('package.json'))
const address = repository.url.replace(/^git\+|\.git$/g, '')

const files = new Map()
for (const name of readdirSync(join(root, 'packages'))) {
  const directory = `packages/${name}`
  const manifest = JSON.parse(read(`${directory}/package.json`))
  if (manifest.private) continue
  files.set(`${directory}/package.json`, `${JSON.stringify(withOrigin(manifest, directory), null, 2)}\n`)
  files.set(`${directory}/README.md`, withAddress(read(`${directory}/README.md`)))
  if (name === 'core') {
    for (const [file, value] of [
      ['version.ts', manifest.version],
      ['origin.ts', address],
    ]) {
      const path = `packages/core/src/${file}`
      files.set(path, read(path).replace(/'.*'/, `'${value}'`))
    }
  }
}
const stale = [...files].filter(([path, text]) => read(path) !== text).map(([path]) => path)

if (!process.argv.includes('--check')) for (const path of stale) writeFileSync(join(root, path), files.get(path))
else if (stale.length > 0) {
  console.error(
    `Not what the root package.json says: ${stale.join(', ')}. Run npm run manifests and commit the result.`,
  )
  process.exitCode = 1
}

/** A page of the registry has no folders around it: links to the repository's pages are whole addresses. */
function withAddress(readme) {
  return readme.replace(/\]\(https:\/\/[^)\s]*?(\/blob\/main\/[^)\s]*)\)/g, `](${address}$1)`)
}

/** The members stand behind the licence, in this order. */
function withOrigin(manifest, directory) {
  const { repository: _, homepage: __, bugs: ___, ...rest } = manifest
  const origin = {
    homepage: `${address}/tree/main/${directory}#readme`,
    bugs: `${address}/issues`,
    repository: { ...repository, directory },
  }
  return Object.fromEntries(
    Object.entries(rest).flatMap(([key, value]) =>
      key === 'license' ? [[key, value], ...Object.entries(origin)] : [[key, value]],
    ),
  )
}
