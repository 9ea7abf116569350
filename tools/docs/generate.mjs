// Writes the pages of docs/ that are made from the code: node tools/docs/generate.mjs. With --check it writes nothing,
// and fails if a page is not what it would write. Reads the compiled packages.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandPage } from './command-page.mjs'
import { errorsPage } from './errors-page.mjs'
import { referencePages } from './reference.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const folder = join(root, 'docs/reference')
const pages = new Map([
  ['docs/errors.md', await errorsPage(root)],
  ['docs/cli.md', await commandPage(root)],
  ...referencePages(root),
])

const gone = existsSync(folder)
  ? readdirSync(folder)
      .map((name) => `docs/reference/${name}`)
      .filter((path) => !pages.has(path))
  : []
const stale = [...pages].flatMap(([path, text]) => (isCurrent(path, text) ? [] : [path]))

if (process.argv.includes('--check')) {
  if (stale.length + gone.length > 0) {
    console.error(`Not what the code says: ${[...stale, ...gone].join(', ')}. Run npm run docs and commit the result.`)
    process.exitCode = 1
  }
} else {
  mkdirSync(folder, { recursive: true })
  for (const path of gone) rmSync(join(root, path))
  for (const path of stale) writeFileSync(join(root, path), pages.get(path))
}

function isCurrent(path, text) {
  const file = join(root, path)
  return existsSync(file) && readFileSync(file, 'utf8') === text
}
