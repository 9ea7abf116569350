import { createLatchkey, memoryData, memoryStore } from '@latchkey/core'
import { storeContract } from '@latchkey/testkit'
import { auditedStore } from './audited-store.js'

// Every promise of the store contract, each on data of its own. A test runner does the same, one test a case.
const broken: string[] = []
for (const { group, name, run } of storeContract) {
  const data = memoryData()
  await run(async () => auditedStore(memoryStore(data), () => {})).catch((error: unknown) => {
    broken.push(`${group}: ${name}: ${error}`)
  })
}
console.log(`${storeContract.length - broken.length} of ${storeContract.length} promises kept`)
for (const line of broken) console.error(line)

// And at work.
const store = auditedStore(memoryStore(), (entry) => console.log(JSON.stringify(entry)))
const latchkey = createLatchkey({ prefix: 'acme', store })
const { id } = await latchkey.create({ name: 'nightly', owner: 'ada', scopes: ['reports.read'] })
await latchkey.update(id, { enabled: false })
await latchkey.delete(id)
await latchkey.close()
await store.close()
