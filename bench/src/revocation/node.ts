import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLatchkey } from '@latchkey/core'
import { createGuard } from '@latchkey/core/adapter'
import { answer } from '../lib/child.js'
import { connectStore, HASHER, type Where } from './connect.js'

export interface NodeAnswers {
  readonly port: number
}

/* A host of its own: one guarded route, on `node:http`. */

const [where = '', ttl] = process.argv.slice(2)
const store = await connectStore(JSON.parse(where) as Where)
const latchkey = createLatchkey({ store, hasher: HASHER, cache: { ttl: Number(ttl) } })
await latchkey.ready()

const guard = createGuard()
const server = createServer((req, res) => {
  const judged = async () => guard(latchkey, { rawHeaders: req.rawHeaders, ip: req.socket.remoteAddress })
  judged().then(
    (admission) => res.writeHead(admission.ok ? 200 : admission.response.status).end(),
    () => res.writeHead(500).end(),
  )
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
answer<NodeAnswers>({ port: () => (server.address() as AddressInfo).port })
