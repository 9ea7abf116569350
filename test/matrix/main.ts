// Whether the packages, as users get them, work in the hosts that exist: a table of host, way of loading and version.
// node test/matrix/dist/matrix/main.js [part of a host's name]
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Cell, cellsOf } from './cells.js'
import { createConsumer } from './consumer.js'

/** npm has the programs themselves in packages of these names. */
const NODES = ['20.19.0', '22.23.5', '24.22.3']

const root = dirname(dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url))))))
const [part = ''] = process.argv.slice(2)

const nodePackage = (version: string) => `node-${version.split('.')[0]}`
const specs = NODES.map((version) => `${nodePackage(version)}@npm:node-${platform()}-${arch()}@${version}`)
console.error('latchkey: pack the packages and install the hosts (npm)')
const consumer = await createConsumer(root, 'all', specs)
const rows: { cell: Cell; problem: string | undefined }[] = []
try {
  const nodes = new Map(
    NODES.map((version) => [version, join(consumer.folder, 'node_modules', nodePackage(version), 'bin/node')]),
  )
  for (const cell of cellsOf(consumer, nodes).filter(({ host }) => host.includes(part))) {
    const problem = await cell.check().then(
      () => undefined,
      (error: unknown) => String(error),
    )
    rows.push({ cell, problem })
    console.error(`${problem === undefined ? 'ok    ' : 'FAILED'} ${cell.host} ${cell.version}: ${cell.loading}`)
    if (problem !== undefined) console.error(problem)
  }
} finally {
  await consumer.remove()
}

console.log('| host | loading | works with |\n| --- | --- | --- |')
const lines = new Map<string, string[]>()
for (const { cell, problem } of rows) {
  const key = `${cell.host} | ${cell.loading}`
  lines.set(key, [...(lines.get(key) ?? []), problem === undefined ? cell.version : `**not ${cell.version}**`])
}
for (const [key, versions] of lines) console.log(`| ${key} | ${versions.join(', ')} |`)
const failed = rows.filter(({ problem }) => problem !== undefined).length
console.error(`latchkey: ${rows.length - failed} of ${rows.length} cells work`)
if (failed > 0 || rows.length === 0) process.exitCode = 1
