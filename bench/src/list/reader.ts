import { workerData } from 'node:worker_threads'

// Reads an address so many times, one after another.

const { address, times } = workerData as { address: string; times: number }
for (let i = 0; i < times; i++) {
  const answer = await fetch(address)
  await answer.arrayBuffer()
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`)
}
