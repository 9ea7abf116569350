import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const SECTIONS = [
  ['Functions', ts.SymbolFlags.Function],
  ['Constants', ts.SymbolFlags.Variable],
  ['Classes', ts.SymbolFlags.Class],
  ['Types', ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias],
]

/**
 * The pages of docs/reference by their paths: one for each public entry point, with the declaration and docstring of each
 * public name as its users' editors show them, and an index.
 */
export function referencePages(root) {
  const entries = readdirSync(join(root, 'packages')).flatMap((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'))
    return manifest.private ? [] : entryPoints(root, folder, manifest)
  })
  const program = ts.createProgram(
    entries.map(({ file }) => file),
    { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, types: [], skipLibCheck: true, noEmit: true },
  )
  const checker = program.getTypeChecker()
  const exported = new Map(entries.map(({ page, file }) => [page, exportsOf(program.getSourceFile(file))]))
  /** Where each public name is described: on the page of the first entry point that exports it. */
  const places = new Map()
  for (const [page, symbols] of exported) {
    for (const symbol of symbols) if (!places.has(symbol)) places.set(symbol, { page, name: symbol.name })
  }

  const pages = entries.map((entry) => [`docs/reference/${entry.page}`, pageOf(entry)])
  return new Map([...pages, ['docs/reference/README.md', index(entries)]])

  function exportsOf(file) {
    return checker
      .getExportsOfModule(checker.getSymbolAtLocation(file))
      .map(resolved)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  function resolved(symbol) {
    return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  }

  function pageOf({ page, name, description }) {
    const symbols = exported.get(page).filter((symbol) => places.get(symbol).page === page)
    const sections = SECTIONS.flatMap(([title, flags]) => {
      const members = symbols.filter((symbol) => symbol.flags & flags)
      return members.length === 0 ? [] : [`## ${title}`, ...members.map((symbol) => entry(symbol, page))]
    })
    return `${[`# ${name}`, NOTE, description, ...sections, ...elsewhere(page)].join('\n\n')}\n`
  }

  /** The names that an entry point shares with an earlier one. */
  function elsewhere(page) {
    const shared = exported.get(page).filter((symbol) => places.get(symbol).page !== page)
    if (shared.length === 0) return []
    const links = shared.map((symbol) => `[${symbol.name}](${places.get(symbol).page}#${symbol.name.toLowerCase()})`)
    return [`Also exported here: ${links.join(', ')}.`]
  }

  function entry(symbol, here) {
    const statements = symbol.declarations.map(statementOf)
    const prose = ts.displayPartsToString(symbol.getDocumentationComment(checker))
    const examples = symbol.getJsDocTags(checker).filter(({ name }) => name === 'example')
    const named = referredTo(statements, symbol)
    // Aliases that have no public name stand beside those who use them.
    const aliases = named.filter(
      (other) => other.flags & ts.SymbolFlags.TypeAlias && !places.has(other) && isOurs(other),
    )
    const code = [...statements, ...aliases.flatMap((alias) => alias.declarations)].map(print).join('\n\n')
    const links = named.flatMap((other) => {
      const place = places.get(other)
      if (place === undefined) return []
      return [`[${place.name}](${place.page === here ? '' : place.page}#${place.name.toLowerCase()})`]
    })
    return [
      `### ${symbol.name}`,
      ...(prose === '' ? [] : [prose]),
      block(code),
      ...examples.map(({ text }) => `For example:\n\n${block(ts.displayPartsToString(text))}`),
      ...(links.length === 0 ? [] : [`See ${links.join(', ')}.`]),
    ].join('\n\n')
  }

  /** The symbols that the declarations name, in their order, each once. */
  function referredTo(statements, self) {
    const found = new Set()
    const visit = (node) => {
      if (ts.isIdentifier(node)) {
        const symbol = checker.getSymbolAtLocation(node)
        if (symbol !== undefined) found.add(resolved(symbol))
      }
      ts.forEachChild(node, visit)
    }
    for (const statement of statements) visit(statement)
    found.delete(self)
    return [...found]
  }

  function isOurs(symbol) {
    return symbol.declarations?.some((node) => /\/packages\/[^/]+\/dist\//.test(node.getSourceFile().fileName))
  }
}

function block(code) {
  return `\`\`\`ts\n${code}\n\`\`\``
}

const NOTE = '<!-- Made by npm run docs from the docstrings. Do not edit. -->'

function index(entries) {
  const lines = entries.map(({ page, name, description }) => `- [${name}](${page}): ${description}`)
  return `# Reference\n\n${NOTE}\n\nEvery public name, with what its docstring says.\n\n${lines.join('\n')}\n`
}

/** The entry points of a package, its main one first. Another one is described by the comment at the top of its file. */
function entryPoints(root, folder, manifest) {
  return Object.entries(manifest.exports).flatMap(([path, target]) => {
    if (typeof target === 'string') return []
    const file = join(root, 'packages', folder, target.types)
    const isMain = path === '.'
    return [
      {
        file,
        page: isMain ? `${folder}.md` : `${folder}-${path.slice(2)}.md`,
        name: isMain ? manifest.name : `${manifest.name}/${path.slice(2)}`,
        description: isMain ? manifest.description : leadingComment(readFileSync(file, 'utf8')),
      },
    ]
  })
}

function leadingComment(text) {
  const [, comment = ''] = /^\/\*\*([\s\S]*?)\*\//.exec(text) ?? []
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*?\s?/, '').trim())
    .filter(Boolean)
    .join(' ')
}

/** A variable's docstring and keyword belong to its statement. */
function statementOf(node) {
  return ts.isVariableDeclaration(node) ? node.parent.parent : node
}

/** A declaration as it stands in its file, with its members' docstrings; the compiler indents by four. */
function print(node) {
  return node
    .getText()
    .replace(/^export (default )?/, '')
    .replace(/^declare /, '')
    .replace(/^(?: {4})+/gm, (indent) => ' '.repeat(indent.length / 2))
}
