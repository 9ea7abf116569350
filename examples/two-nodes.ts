// Two example hosts on one Redis: a token that is deleted on A is refused by B, milliseconds later.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startRedis } from '@latchkey/testkit'

interface Node {
  readonly name: string
  readonly url: string
  readonly adminToken: string | null
  readonly child: ChildProcess
}

const redis = await startRedis()
const nodes: Node[] = []
try {
  const a = await startNode('A')
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
  await redis.stop()
}

async function startNode(name: string): Promise<Node> {
  const host = fileURLToPath(import.meta.resolve('@latchkey/example-host'))
  const child = spawn(process.execPath, [host, '--json', '--port', '0', '--store', `redis://127.0.0.1:${redis.port}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface(child.stdout), 'line')
  const node = { name, child, ...(JSON.parse(String(line)) as { url: string; adminToken: string | null }) }
  nodes.push(node)
  console.log(`${name} listens at ${node.url}`)
  return node
}

async function create(node: Node, admin: string): Promise<{ id: string; token: string }> {
  const created = await call(node, admin, 'POST', '', { name: 'crossing', scopes: ['metrics.read'] })
  return (await created.json()) as { id: string; token: string }
}

function call({ url }: Node, admin: string, method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${url}/api/v2/apiTokens${path}`, {
    method,
    headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

async function ask({ url }: Node, token: string): Promise<number> {
  return (await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${token}` } })).status
}
