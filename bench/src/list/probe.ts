import { parentPort, workerData } from 'node:worker_threads'
import { nodeRedis, redisStore } from '@latchkey/store-redis'
import { createClient } from 'redis'

// Reads one token each millisecond until it is told to stop, and answers with how long each took.

const { port, ids } = workerData as { port: number; ids: readonly string[] }
const client = createClient({ socket: { port, host: '127.0.0.1' } })
await client.connect()
const environment = await redisStore({ client: nodeRedis(client) }).open('default')
const times: number[] = []
let stopped = false
parentPort?.once('message', () => {
  stopped = true
})
for (let i = 0; !stopped; i++) {
  const start = performance.now()
  await environment.find(ids[i % ids.length] ?? '')
  times.push(performance.now() - start)
  await new Promise((resolve) => setTimeout(resolve, 1))
}
client.destroy()
parentPort?.postMessage(times)
