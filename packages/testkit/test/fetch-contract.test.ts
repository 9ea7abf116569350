import { describe, test } from 'vitest'
import { adapterContract } from '../src/index.js'
import { fetchHost } from './fetch-host.js'

// Here and not in core, since the testkit imports core.
describe.each(adapterContract)('@latchkey/core/fetch: $group', ({ name, run }) => {
  test(name, () => run(fetchHost))
})
