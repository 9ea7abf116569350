import { adapterContract } from '@latchkey/testkit'
import { describe, test } from 'vitest'
import { onRequests } from './host.js'

/** All with LATCHKEY_LONG=1; else those about guards: the routes read the same `Request` on a server. */
const cases = adapterContract.filter(({ group }) => process.env.LATCHKEY_LONG === '1' || group === 'guard')

// In a file of its own: @hono/node-server replaces the Request and Response of its process.
describe.each(cases)('Hono 4 with plain requests: $group', ({ name, run }) => {
  test(name, () => run(onRequests))
})
