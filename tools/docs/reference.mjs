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
 * The pages of docs/reference by their paths: one for each public package, with the declaration and docstring of each
 * public name as its users' editors show them, and an index.
 */
export function referencePages(root) {
  const packages = readdirSync(join(root, 'packages')).flatMap((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'))
    return manifest.private ? [] : [{ folder, manifest, entry: join(root, 'packages', folder, 'dist/index.d.ts') }]
  })
  const program = ts.createProgram(
    packages.map(({ entry }) => entry),
    { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, types: [], skipLibCheck: true, noEmit: true },
  )
  const checker = program.getTypeChecker()
  const exported = new Map(packages.map(({ folder, entry }) => [folder, exportsOf(program.getSourceFile(entry))]))
  /** Where each public name is described. The package that declares it comes first, alphabetically. */
  const places = new Map()
  for (const [folder, symbols] of exported) {
    for (const symbol of symbols)
      if (!places.has(symbol)) places.set(symbol, { page: `${folder}.md`, name: symbol.name })
  }

  const pages = packages.map(({ folder, manifest }) => [
    `docs/reference/${folder}.md`,
    page(manifest, exported.get(folder), `${folder}.md`),
  ])
  return new Map([...pages, ['docs/reference/README.md', index(packages)]])

  function exportsOf(file) {
    return checker
      .getExportsOfModule(checker.getSymbolAtLocation(file))
      .map(resolved)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  function resolved(symbol) {
    return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  }

  function page({ name, description }, symbols, here) {
    const sections = SECTIONS.flatMap(([title, flags]) => {
      const members = symbols.filter((symbol) => symbol.flags & flags)
      return members.length === 0 ? [] : [`## ${title}`, ...members.map((symbol) => entry(symbol, here))]
    })
    return `${[`# ${name}`, NOTE, description, ...sections].join('\n\n')}\n`
  }

  function entry(symbol, here) {
    const statements = symbol.declarations.map(statementOf)
    const prose = ts.displayPartsToString(symbol.getDocumentationComment(checker))
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
      `\`\`\`ts\n${code}\n\`\`\``,
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

const NOTE = '<!-- Made by npm run docs from the docstrings. Do not edit. -->'

function index(packages) {
  const lines = packages.map(({ folder, manifest }) => `- [${manifest.name}](${folder}.md): ${manifest.description}`)
  return `# Reference\n\n${NOTE}\n\nEvery public name, with what its docstring says.\n\n${lines.join('\n')}\n`
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
