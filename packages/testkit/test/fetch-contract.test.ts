import { describe, test } from 'vitest'
import { adapterContract } from '../src/index.js'
import { fetchHost } from './fetch-host.js'

/** All with LATCHKEY_LONG=1; else those about guards, since the adapter of Hono passes the others on to core/fetch. */
const cases = adapterContract.filter(({ group }) => process.env.LATCHKEY_LONG === '1' || group === 'guard')

// Here and not in core, since the testkit imports core.
describe.each(cases)('@latchkey/core/fetch: $group', ({ name, run }) => {
  test(name, () => run(fetchHost))
})
