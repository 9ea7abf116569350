import { adapterContract } from '@latchkey/testkit'
import { describe, test } from 'vitest'
import { onRequests } from './host.js'

// In a file of its own: @hono/node-server replaces the Request and Response of its process.
describe.each(adapterContract)('Hono 4 with plain requests: $group', ({ name, run }) => {
  test(name, () => run(onRequests))
})
