import { createLatchkey } from '@latchkey/core'
import { createGuard } from '@latchkey/core/adapter'
import { answer } from '../harness/child.js'
import { serve } from '../harness/http.js'
import { FAST_HASHER } from '../harness/tokens.js'
import { connectStore } from '../stores/index.js'

// A host with one guarded route, on `node:http`.

const [address = '', ttl] = process.argv.slice(2)
const store = await connectStore(address)
const latchkey = createLatchkey({ store, hasher: FAST_HASHER, cache: { ttl: Number(ttl) } })
await latchkey.ready()

const guard = createGuard()
const url = await serve((req, res) => {
  const judged = async () =>
    guard(latchkey, { headers: req.headers, rawHeaders: req.rawHeaders, ip: req.socket.remoteAddress })
  judged().then(
    (admission) => res.writeHead(admission.ok ? 200 : admission.response.status).end(),
    () => res.writeHead(500).end(),
  )
})
const questions = { url: () => url }
export type NodeQuestions = typeof questions
answer(questions)
