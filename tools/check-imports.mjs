// Checks that the parts of a package import each other in one direction, types included:
// node tools/check-imports.mjs [root folder]. Biome checks the rest: cycles, and imports between packages (biome.json).
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The parts of each source folder, lowest rank first. A part imports parts of lower ranks only. */
const RANKS = {
  'packages/core/src': [
    [
      ...['errors.ts', 'types.ts', 'result.ts', 'compact.ts', 'counted.ts', 'detached.ts', 'time-slices.ts'],
      ...['version.ts', 'origin.ts'],
    ],
    ['audit-entry.ts'],
    ['option-checks.ts', 'events.ts'],
    ['token/'],
    ['policy/', 'query/', 'secret/'],
    ['store/'],
    ['verify/'],
    ['manage/'],
    ['options.ts', 'foreign-options.ts'],
    ['settings.ts'],
    ['instance.ts', 'internals.ts'],
    ['management.ts'],
    ['latchkey.ts'],
    ['http/'],
    ['index.ts', 'store.ts', 'adapter.ts', 'fetch.ts'],
  ],
  // Files of host/ and of worker/ run in different threads.
  'packages/store-sqlite/src': [['shared/'], ['host/', 'worker/'], ['index.ts']],
}

const root = resolve(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))))
const violations = Object.entries(RANKS)
  .filter(([folder]) => existsSync(join(root, folder)))
  .flatMap(([folder, ranks]) => violationsIn(join(root, folder), ranks))

if (violations.length > 0) {
  console.error(violations.join('\n'))
  process.exitCode = 1
}

function violationsIn(folder, ranks) {
  const order = ranks.map((parts) => parts.join(', ')).join(' ← ')
  const rankOf = (part) => ranks.findIndex((parts) => parts.includes(part))
  return sourceFiles(folder).flatMap((file) => {
    const from = partOf(folder, file)
    return relativeImportsOf(readFileSync(file, 'utf8')).flatMap(({ specifier, line }) => {
      const to = partOf(folder, resolve(dirname(file), specifier.replace(/\.js$/, '.ts')))
      const where = `${relative(root, file)}:${line}`
      const unranked = [from, to].find((part) => rankOf(part) === -1)
      if (unranked) return [`${where}: '${unranked}' has no rank yet; give it one in tools/check-imports.mjs`]
      if (from === to || rankOf(to) < rankOf(from)) return []
      return [`${where}: '${from}' must not import '${to}'; the order is ${order}`]
    })
  })
}

/** `query/` for query/sort.ts, `errors.ts` for errors.ts. */
function partOf(folder, file) {
  const [first, ...rest] = relative(folder, file).split(sep)
  return rest.length > 0 ? `${first}/` : first
}

/**
 * The relative specifiers of static imports and re-exports, which begin a line, and of import('…') with a literal.
 * Comments are left out: they hold examples.
 */
function relativeImportsOf(source) {
  const text = source.replace(/^[ \t]*(?:\/\/|\/?\*).*$/gm, (line) => ' '.repeat(line.length))
  const patterns = [
    /^(?:import|export)\s+(?:type\s+)?(?:[\w$*{},\s]+?\s+from\s+)?(['"])(?<specifier>\.[^'"]+)\1/gm,
    /\bimport\(\s*(['"])(?<specifier>\.[^'"]+)\1/g,
  ]
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => ({
      specifier: match.groups.specifier,
      line: text.slice(0, match.index + match[0].length).split('\n').length,
    })),
  )
}

function sourceFiles(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
}
