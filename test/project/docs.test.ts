// The pages say what is true: their code compiles as a host would compile it, what can run runs, and links lead
// somewhere.
//
// A comment before a block of code says more about it:
//   <!-- run -->           runs it; the block of text behind it is what it prints (the first program of a README serves: see below)
//   <!-- from: file -->    it stands in this file, which is compiled and tested where it is
//   <!-- file: name -->    the other programs of the pages can import it by this name
//   <!-- given code -->    the code that a reader has in front of it; compiled with it, and run if a block of text is behind it

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { cellsOf } from '../matrix/cells.js'
import { mustRun, runProgram } from '../run-program.js'
import { type CodeBlock, type MarkdownPage, readMarkdown } from './markdown.js'
import { endExamples, startExample } from './start-example.js'

const root = resolve(import.meta.dirname, '../..')
const markdown = await readdir(join(root, 'docs'), { recursive: true })
const paths = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...(await readdir(join(root, 'packages'))).map((name) => `packages/${name}/README.md`),
  ...markdown.filter((path) => path.endsWith('.md')).map((path) => `docs/${path}`),
]
/** Where the pages are for those who have no repository. */
const home = `${JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).repository.url.replace(/^git\+|\.git$/g, '')}/blob/main/`
const pages = new Map<string, MarkdownPage>()
for (const path of paths) pages.set(path, readMarkdown(await readFile(join(root, path), 'utf8')))

interface Sample extends CodeBlock {
  readonly place: string
  /** Without folder and extension. */
  readonly file: string
  /** What the block of text behind it holds. */
  readonly prints: string | undefined
}

// The reference holds declarations, made from those that compile already.
const samples = [...pages].flatMap(([path, { blocks }]): Sample[] =>
  path.startsWith('docs/reference/')
    ? []
    : blocks.flatMap((block, i) => {
        if (!['js', 'cjs', 'ts'].includes(block.language) && !block.notes.has('from')) return []
        const file = `${path.replace(/\W/g, '-')}-${block.line}`
        const behind = blocks[i + 1]
        return [
          {
            ...block,
            place: `${path}:${block.line}`,
            file,
            prints: behind?.language === 'text' ? behind.code : undefined,
          },
        ]
      }),
)
/** The pages whose first program a reader saves and runs. */
const PROGRAMS = ['README.md', ...['express', 'fastify', 'hono', 'koa'].map((name) => `packages/${name}/README.md`)]
const quoted = samples.filter(({ notes }) => notes.has('from'))
const own = samples.filter(({ notes }) => !notes.has('from'))
const runnable = own.filter(
  ({ notes, place, prints }) =>
    !place.startsWith('README.md') && (notes.get('run') === '' || (notes.has('given') && prints !== undefined)),
)

describe('code', () => {
  let folder: string
  /** What the compiler says, without what it says of the libraries of others. */
  let complaints: readonly string[]

  beforeAll(async () => {
    // Inside this package, where the packages resolve as they do for a host: compiled, not from their sources.
    folder = await mkdtemp(join(import.meta.dirname, '../.example-'))
    for (const { file, language, code, notes } of own) {
      const given = notes.get('given')
      const name = notes.get('file')
      if (name !== undefined) await writeFile(join(folder, name), code)
      await writeFile(join(folder, `${file}.${language}`), given === undefined ? code : `${given}\n${code}`)
    }
    const compilerOptions = {
      ...{ target: 'ES2023', module: 'NodeNext', types: ['node'], strict: true, skipLibCheck: true },
      ...{ allowJs: true, checkJs: true, moduleDetection: 'force', rootDir: '.', outDir: 'out' },
    }
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['*.ts', '*.js', '*.cjs'] }),
    )
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await runProgram(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], folder)
    complaints = stdout.split('\n').filter((line) => line !== '')
  }, 120_000)

  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('there is some', () => {
    expect(quoted.length).toBeGreaterThan(5)
    expect(own.length).toBeGreaterThan(10)
    expect(runnable.length).toBeGreaterThan(3)
  })

  test.each(own)('$place compiles', ({ file }) => {
    expect(complaints.filter((line) => line.includes(`${file}.`))).toEqual([])
  })

  test('nothing else is complained about', () => {
    expect(complaints.filter((line) => !own.some(({ file }) => line.includes(`${file}.`)))).toEqual([])
  })

  test.each(runnable)('$place prints what the page says', async ({ file, prints }) => {
    const output = await mustRun(process.execPath, [join(folder, 'out', `${file}.js`)], folder)
    expect(prints, 'a block of text behind it').toBeDefined()
    expect(output).toBe(prints)
  })

  test.each(quoted)('$place stands in the file that it names', async ({ notes, code }) => {
    const source = await readFile(join(root, notes.get('from') ?? ''), 'utf8')
    expect(unindented(source)).toContain(unindented(code))
  })
})

describe('links', () => {
  test.each(paths)('of %s lead somewhere', async (path) => {
    const broken: string[] = []
    for (const link of pages.get(path)?.links ?? []) {
      if (/^(?:https:|mailto:)/.test(link) && !link.startsWith(home)) continue
      // On the registry's page, what is relative leads nowhere.
      const isPublished = path.startsWith('packages/')
      if (isPublished !== link.startsWith(home)) broken.push(link)
      const [target = '', anchor] = (isPublished ? relative(dirname(path), link.replace(home, '')) : link).split('#')
      const file = target === '' ? path : relative(root, resolve(root, dirname(path), target))
      const page = pages.get(file)
      if (page === undefined ? !(await exists(file)) : anchor !== undefined && !page.anchors.has(anchor))
        broken.push(link)
    }
    expect(broken).toEqual([])
  })

  test('the index names every page', () => {
    const named = pages.get('docs/README.md')?.links ?? []
    const guides = paths
      .filter((path) => /^docs\/(?!README|reference)/.test(path))
      .map((path) => relative('docs', path))
    expect(guides.filter((guide) => !named.includes(guide))).toEqual([])
  })
})

describe('the README', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const folders: string[] = []

  afterEach(() => {
    endExamples()
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  })

  test('has less than 150 lines', () => {
    expect(readme.split('\n').length).toBeLessThan(150)
  })

  test.each(PROGRAMS)('the first program of %s runs as printed', async (path) => {
    const code = pages.get(path)?.blocks.find(({ language }) => language === 'js')?.code ?? ''
    const lines = code.trim().split('\n').length
    expect(lines).toBeGreaterThan(10)
    expect(lines).toBeLessThanOrEqual(path === 'README.md' ? 32 : 17)

    // Inside this package, where the packages under test resolve as they do for a host.
    const folder = mkdtempSync(join(import.meta.dirname, '../.example-'))
    folders.push(folder)
    writeFileSync(join(folder, 'example.mjs'), code)
    const { origin, output, stop } = await startExample(join(folder, 'example.mjs'))
    const token = /Bearer (\S+)'/.exec(output)?.[1]
    const url = `${origin}/reports`
    const refused = await fetch(url)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="api"')
    const admitted = await fetch(url, { headers: { Authorization: `Bearer ${token}` } })
    expect(admitted.status).toBe(200)
    expect(await admitted.json()).toEqual({ hello: 'me' })

    // As the line below the program makes another token.
    const [, body, mount] = /-d '(\{.+\})' http:\/\/localhost:3000(\S+)/.exec(readme) ?? []
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const created = await fetch(`${origin}${mount}`, { method: 'POST', headers, ...(body !== undefined && { body }) })
    expect(created.status).toBe(201)
    if (path !== 'README.md') return
    expect(await (await fetch(`${origin}/tokens/console/`)).text()).toContain('<title>API tokens</title>')
    expect(await stop()).toBe(0)
  })
})

describe('a search', () => {
  const guides = [...pages.keys()].filter((path) => /^docs\/[^/]+\.md$/.test(path))
  const text = guides.map((path) => readFileSync(join(root, path), 'utf8')).join('\n')
  const source = (file: string) => readFileSync(join(root, 'packages', file), 'utf8')

  test.each([
    ['core/src/options.ts', 'LatchkeyOptions'],
    ['core/src/options.ts', 'CacheOptions'],
    ['core/src/options.ts', 'LastUsedOptions'],
    ['core/src/http/options.ts', 'AdapterOptions'],
    ['core/src/http/options.ts', 'GuardOptions'],
    ['core/src/http/options.ts', 'RoutesOptions'],
    ['store-postgres/src/options.ts', 'PostgresStoreOptions'],
    ['store-redis/src/options.ts', 'RedisStoreOptions'],
    ['store-sqlite/src/host/options.ts', 'SqliteStoreOptions'],
  ])('for an option in %s (%s) finds a guide', (file, name) => {
    const members = membersOf(source(file), name)
    expect(members.length).toBeGreaterThan(0)
    expect(members.filter((member) => !new RegExp(`[\`.{ ]${member}[\`:,.(= ]`).test(text))).toEqual([])
  })

  test('for an event finds a guide', () => {
    const events = membersOf(source('core/src/events.ts'), 'LatchkeyEvents')
    expect(events.length).toBeGreaterThan(10)
    expect(events.filter((event) => !text.includes(`\`latchkey:${event}\``))).toEqual([])
  })

  test('for the code of an error or of a warning finds a guide', async () => {
    const codes = source('core/src/errors.ts').match(/(?<=^ {2})ERR_\w+(?=:)/gm) ?? []
    const warnings: string[] = []
    for (const file of await readdir(join(root, 'packages'), { recursive: true })) {
      if (!/^[\w-]+\/src\/.*\.ts$/.test(file)) continue
      warnings.push(...(source(file).match(/(?<=')LATCHKEY_[A-Z_]+(?=')/g) ?? []))
    }
    expect(codes.length).toBeGreaterThan(20)
    expect(warnings.length).toBeGreaterThan(3)
    expect([...codes, ...warnings].filter((code) => !text.includes(code))).toEqual([])
  })
})

test('every file and folder that CONTRIBUTING.md names is there', async () => {
  const named = [...readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').matchAll(/`([\w.-]+(?:\/[\w.-]+)+)\/?`/g)]
  const files = named
    .map(([, file]) => file ?? '')
    .filter((file) => /^(?:bench|docs|examples|packages|test|tools)\//.test(file))
  expect(files.length).toBeGreaterThan(20)
  const missing: string[] = []
  for (const file of files) if (!(await exists(file))) missing.push(file)
  expect(missing).toEqual([])
})

describe('docs/hosts.md', () => {
  const page = readFileSync(join(root, 'docs/hosts.md'), 'utf8')
  const rows = page.split('\n').flatMap((line) =>
    line.startsWith('| ')
      ? [
          line
            .split('|')
            .slice(1, -1)
            .map((cell) => cell.trim()),
        ]
      : [],
  )

  test('its table has the cells of npm run matrix, and no others', () => {
    const nodes = new Map(['20.19', '22', '24'].map((version) => [version, '']))
    const consumer = { folder: '', packages: [], tarballs: new Map(), remove: async () => undefined }
    const ran = cellsOf(consumer, nodes).map(({ host, loading, version }) => `${host}: ${loading}, ${version}`)
    const start = rows.findIndex(([first, second]) => first === 'host' && second === 'loading')
    const table = rows.slice(start + 2, start + 2 + new Set(ran.map((cell) => cell.replace(/, [^,]+$/, ''))).size)
    const promised = table.flatMap(([host, loading, versions]) =>
      (versions ?? '').split(', ').map((version) => `${host}: ${loading}, ${version}`),
    )
    expect(new Set(promised)).toEqual(new Set(ran))
  })

  test('the native packages have the builds that it names', () => {
    const listed = (importer: string, name: string) => {
      const manifest = readFileSync(join(root, importer, 'node_modules', name, 'package.json'), 'utf8')
      return Object.keys(JSON.parse(manifest).optionalDependencies)
    }
    const builds = [listed('packages/core', '@node-rs/argon2'), listed('packages/store-sqlite', 'libsql')]
    for (const libc of ['glibc', 'musl']) {
      const [, ...promised] = rows.find(([image]) => image?.endsWith(libc)) ?? []
      const suffix = libc === 'musl' ? /linux-(\w+)-musl/ : /linux-(\w+)-gnu/
      const there = builds.map((names) => names.flatMap((name) => suffix.exec(name)?.[1] ?? []))
      expect(promised.map((cell) => new Set(cell.split(', ')))).toEqual(there.map((names) => new Set(names)))
    }
  })
})

/** The attacks that have named tests in test/threats. */
const THREATS = [
  ...Array.from({ length: 23 }, (_, i) => i + 1),
  26,
  27,
  28,
  29,
  30,
  31,
  32,
  34,
  35,
  36,
  37,
  39,
  40,
  41,
  42,
  43,
  44,
  45,
  46,
  47,
  48,
  49,
  50,
  51,
]

test('every guarantee of SECURITY.md points at a test that is there, and no threat is without one', () => {
  const read = (file: string) => readFileSync(join(root, file), 'utf8')
  const rows = [...read('SECURITY.md').matchAll(/^\| .+ \| `([a-z-]+\.test\.ts)` +\| (.+?) +\|$/gm)]
  const missing = rows.filter(([, file, name]) => {
    const text = read(`test/${file === 'console.test.ts' ? 'console' : 'threats'}/${file}`)
    return !text.includes(`('${name}`) && !text.includes(`("${name}`)
  })
  expect(missing.map(([row]) => row)).toEqual([])
  const numbers = new Set(rows.map(([, , name]) => Number.parseInt(name ?? '', 10)))
  expect([...numbers].toSorted((a, b) => a - b)).toEqual(THREATS)
})

/** The names of the members of an interface. */
function membersOf(source: string, name: string): string[] {
  const [, members = ''] =
    new RegExp(`export interface ${name}\\b[\\s\\S]*?\\{\\n([\\s\\S]*?)\\n\\}`).exec(source) ?? []
  return members.match(/(?<=^ {2}(?:readonly )?'?)(?!readonly )[\w-]+(?='?\??: )/gm) ?? []
}

/** What is quoted from within a block stands further to the left. */
function unindented(code: string): string {
  return code.replace(/^ +/gm, '')
}

async function exists(file: string): Promise<boolean> {
  return readdir(join(root, dirname(file))).then(
    (names) => names.includes(file.split('/').at(-1) ?? ''),
    () => false,
  )
}
