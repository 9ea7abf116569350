import { parentPort, workerData } from 'node:worker_threads'

// Reads an address so many times, one after another, and answers with the number of bytes of the last answer.

const { address, times } = workerData as { address: string; times: number }
let bytes = 0
for (let i = 0; i < times; i++) {
  const answer = await fetch(address)
  bytes = (await answer.arrayBuffer()).byteLength
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`)
}
parentPort?.postMessage(bytes)
