import { describe, test } from 'vitest'
import { adapterContract } from '../src/index.js'
import { fetchHost } from './fetch-host.js'

/** All with LATCHKEY_LONG=1; else the first of each group, since the adapter of Hono, which is made of it, is asked all. */
const cases = adapterContract.filter(
  ({ group }, i) => process.env.LATCHKEY_LONG === '1' || adapterContract.findIndex((one) => one.group === group) === i,
)

// Here and not in core, since the testkit imports core.
describe.each(cases)('@latchkey/core/fetch: $group', ({ name, run }) => {
  test(name, () => run(fetchHost))
})
