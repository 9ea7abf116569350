import { setTimeout as wait } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { connectStore } from '../stores/index.js'

// A thread that reads a token each millisecond until it gets a message, and then posts how long each read took, in ms.

const { address, ids } = workerData as { address: string; ids: readonly string[] }
const store = await connectStore(address)
const environment = await store.open('default')
let stopped = false
parentPort?.once('message', () => {
  stopped = true
})
const times: number[] = []
for (let i = 0; !stopped; i++) {
  const start = performance.now()
  await environment.find(ids[i % ids.length] ?? '')
  times.push(performance.now() - start)
  await wait(1)
}
await store.close()
parentPort?.postMessage(times)
