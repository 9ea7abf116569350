// Checks that imports run one way and without cycles, types included: node tools/check-imports.mjs [folder]
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The units of packages/core/src (a folder, or a file at its top), lowest rank first. Each may import lower ranks. */
const CORE_RANKS = [
  ['errors', 'types', 'result', 'turns'],
  ['option-checks'],
  ['events'],
  ['token'],
  ['policy', 'query', 'secret'],
  ['store'],
  ['verify', 'manage'],
  ['options'],
  ['settings'],
  ['instance'],
  ['latchkey'],
  ['http'],
  ['index', 'store', 'adapter'],
]

/** Imports between units of one rank. All others are refused. */
const WITHIN_RANK = ['manage → verify']

/** Which of our packages the sources of a package may import. The default is core alone. */
const PACKAGE_IMPORTS = { '@latchkey/core': [] }
const DEFAULT_PACKAGE_IMPORTS = ['@latchkey/core']

const root = resolve(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))))
const complaints = []

for (const folder of projectFolders()) {
  const files = sourceFiles(join(root, folder))
  const graph = new Map()
  for (const file of files) {
    const targets = []
    for (const { specifier, line } of importsOf(readFileSync(file, 'utf8'))) {
      const complain = (rule) => complaints.push(`${show(file)}:${line} imports '${specifier}': ${rule}`)
      if (specifier.startsWith('@latchkey/')) checkPackageImport(folder, file, specifier, complain)
      if (!specifier.startsWith('.')) continue
      const target = resolve(dirname(file), specifier.replace(/\.js$/, '.ts'))
      if (!target.startsWith(join(root, folder) + sep)) {
        complain('a relative import must stay in its package; use the public name of the other one')
        continue
      }
      if (isIn(file, folder, 'src') && !isIn(target, folder, 'src')) complain('sources must not import tests')
      if (folder === join('packages', 'core')) checkCoreImport(folder, file, target, complain)
      targets.push(target)
    }
    graph.set(file, targets)
  }
  for (const cycle of cyclesIn(graph)) complaints.push(`import cycle: ${cycle.map(show).join(' → ')}`)
}

if (complaints.length > 0) {
  console.error(complaints.join('\n'))
  process.exitCode = 1
}

function checkPackageImport(folder, file, specifier, complain) {
  if (!/^@latchkey\/[a-z0-9-]+(\/(store|adapter))?$/.test(specifier)) {
    complain('other packages are imported by their public name only')
  } else if (dirname(folder) === 'packages' && isIn(file, folder, 'src')) {
    const { name } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    const allowed = PACKAGE_IMPORTS[name] ?? DEFAULT_PACKAGE_IMPORTS
    if (!allowed.includes(specifier.split('/').slice(0, 2).join('/'))) {
      complain(`of our packages, the sources of ${name} may import ${allowed.join(', ') || 'none'}`)
    }
  }
}

function checkCoreImport(folder, file, target, complain) {
  if (!isIn(file, folder, 'src') || !isIn(target, folder, 'src')) return
  const [from, to] = [file, target].map((path) => unitOf(join(root, folder, 'src'), path))
  if (from === to) return
  const [rankFrom, rankTo] = [from, to].map((unit) => CORE_RANKS.findIndex((units) => units.includes(unit)))
  if (rankFrom === -1 || rankTo === -1) {
    complain(`'${rankFrom === -1 ? from : to}' has no rank yet; give it one in tools/check-imports.mjs`)
  } else if (rankTo > rankFrom || (rankTo === rankFrom && !WITHIN_RANK.includes(`${from} → ${to}`))) {
    complain(
      `'${from}' must not import '${to}'; the order is ${CORE_RANKS.map((units) => units.join(', ')).join(' ← ')}`,
    )
  }
}

/** `query` for src/query/sort.ts, `errors` for src/errors.ts. */
function unitOf(sources, file) {
  return relative(sources, file).split(sep)[0].replace(/\.ts$/, '')
}

/**
 * Finds what a module names in static imports and re-exports, which begin a line, and in import('…') of a literal.
 * Lines of comments are left out: they hold examples.
 */
function importsOf(source) {
  const text = source.replace(/^[ \t]*(?:\/\/|\/?\*).*$/gm, (line) => ' '.repeat(line.length))
  const patterns = [
    /^(?:import|export)\s+(?:type\s+)?(?:[\w$*{},\s]+?\s+from\s+)?(['"])(?<specifier>[^'"]+)\1/gm,
    /\b(?:import|require)\(\s*(['"])(?<specifier>[^'"]+)\1/g,
  ]
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => ({
      specifier: match.groups.specifier,
      line: text.slice(0, match.index + match[0].length).split('\n').length,
    })),
  )
}

/** Each import that leads back to a file on the way to it, as the path of files from there to there. */
function cyclesIn(graph) {
  const cycles = []
  const done = new Set()
  const visit = (file, trail) => {
    const start = trail.indexOf(file)
    if (start !== -1) cycles.push([...trail.slice(start), file])
    if (start !== -1 || done.has(file)) return
    for (const target of graph.get(file) ?? []) visit(target, [...trail, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return cycles
}

function projectFolders() {
  const packages = readdirSync(join(root, 'packages')).map((name) => join('packages', name))
  const folders = [...packages, 'examples', 'examples/host', 'bench', 'test']
  return folders.filter((folder) => existsSync(join(root, folder, 'package.json')))
}

function sourceFiles(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !['node_modules', 'dist'].includes(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return sourceFiles(path)
      return path.endsWith('.ts') ? [path] : []
    })
    .sort()
}

function isIn(file, folder, part) {
  return file.startsWith(join(root, folder, part) + sep)
}

function show(file) {
  return relative(root, file)
}
