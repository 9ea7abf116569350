import { adapterContract } from '@latchkey/testkit'
import { describe, test } from 'vitest'
import { onNodeServer } from './host.js'

describe.each(adapterContract)('Hono 4 on @hono/node-server: $group', ({ name, run }) => {
  test(name, () => run(onNodeServer))
})
