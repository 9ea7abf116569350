// Two example hosts on one Redis: a token that is deleted on A is refused by B, milliseconds later.
// node dist/two-nodes.js redis://127.0.0.1:6379
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

interface Node {
  readonly name: string
  readonly url: string
  readonly adminToken: string | null
  readonly child: ChildProcess
}

const store = process.argv[2] ?? 'redis://127.0.0.1:6379'
const nodes: Node[] = []
try {
  const a = await startNode('A', '--reset-admin')
  const b = await startNode('B')
  const admin = String(a.adminToken)

  const { id, token } = await create(a, admin)
  for (const node of [a, b]) console.log(`${node.name} answers ${await ask(node, token)} to the new token`)

  await call(a, admin, 'DELETE', `/${id}`)
  const deleted = performance.now()
  console.log('A has deleted it')
  console.log(`A answers ${await ask(a, token)}`)
  let status = await ask(b, token)
  while (status === 200) status = await ask(b, token)
  console.log(`B answers ${status}, ${(performance.now() - deleted).toFixed(1)} ms after A's acknowledgement`)
} finally {
  for (const { child } of nodes) {
    child.kill()
    await once(child, 'exit')
  }
}

async function startNode(name: string, ...args: string[]): Promise<Node> {
  const host = fileURLToPath(import.meta.resolve('@latchkey/example-host'))
  const child = spawn(process.execPath, [host, '--json', '--port', '0', '--store', store, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface(child.stdout), 'line')
  const node = { name, child, ...(JSON.parse(String(line)) as { url: string; adminToken: string | null }) }
  nodes.push(node)
  console.log(`${name} listens at ${node.url}`)
  return node
}

async function create(node: Node, admin: string): Promise<{ id: string; token: string }> {
  const created = await call(node, admin, 'POST', '', { name: 'demo', scopes: ['metrics.read'] })
  return (await created.json()) as { id: string; token: string }
}

function call({ url }: Node, admin: string, method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${url}/tokens${path}`, {
    method,
    headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

async function ask({ url }: Node, token: string): Promise<number> {
  return (await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${token}` } })).status
}
