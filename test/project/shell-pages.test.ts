// The commands of the pages that use the example host are run against it, one after another in one shell.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { spawnHost } from '../host/start-host.js'
import { runProgram } from '../run-program.js'
import { type CodeBlock, readMarkdown } from './markdown.js'

const docs = resolve(import.meta.dirname, '../../docs')

/** What stands in the place of what differs from run to run. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/acme\.[A-Z2-7]{24}\.[A-Z2-7]{64}/g, '<token>'],
  [/acme\.[A-Z2-7]{24}/g, '<id>'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>'],
]

const steady = (text: string) =>
  VARYING.reduce((left, [pattern, name]) => left.replaceAll(pattern, name), text.replaceAll(/ +$/gm, '')).trim()

test.each(['tour', 'off-boarding', 'expiry'])('what docs/%s.md says to type prints what it says', async (page) => {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-page-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const auditLog = join(folder, 'audit.log')
  const host = spawnHost(['--json', '--port', '0', '--audit', auditLog])
  onTestFinished(async () => void (await host.stop()))
  const [line] = await host.printed(/^.*\n/)
  const { url, adminToken } = JSON.parse(line)

  const { blocks } = readMarkdown(await readFile(join(docs, `${page}.md`), 'utf8'))
  const commands = blocks.flatMap((block, i) =>
    block.language === 'sh' ? [{ block, prints: outputOf(blocks[i + 1]) }] : [],
  )
  expect(commands.length).toBeGreaterThan(0)
  const script = commands.map(({ block }) => `${block.notes.get('given') ?? ''}\necho '<<'\n${block.code}\necho '>>'`)
  const typed = script
    .join('\n')
    .replaceAll('http://localhost:3000', url)
    .replaceAll('/tmp/latchkey-audit.log', auditLog)
  // The reader's own tools and files, so what watches the product for secrets has nothing to look for in them.
  const shell = ['-u', 'NODE_OPTIONS', 'bash', '-c', `ADMIN=${adminToken}\n${typed}\nrm -f *.json`]
  const { stdout, stderr } = await runProgram('env', shell, folder)
  expect(stderr).toBe('')
  const printed = [...stdout.matchAll(/^<<\n([\s\S]*?)>>$/gm)].map(([, text = '']) => text)
  expect(printed.map(steady)).toEqual(commands.map(({ prints }) => steady(prints)))
})

/** Of the block of text behind a command; a command without one prints nothing. */
function outputOf(behind: CodeBlock | undefined): string {
  return behind?.language === 'text' ? behind.code : ''
}
