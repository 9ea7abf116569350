import { type ContractCase, storeContract } from '@latchkey/testkit'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { redisStore } from '../src/index.js'
import { type ClientName, type Connection, type Setup, setupsOf } from './support.js'

/** Generous, since a busy machine must not decide: the tests of failures are about deadlines. */
const TIMEOUTS = { readTimeout: 10_000, manageTimeout: 20_000 }

/** The whole store contract with this client, or these cases of it; the two connections of a case are two clients. */
export function contractOn(
  client: ClientName,
  cases: readonly ContractCase[] = storeContract,
  setups: readonly Setup[] = setupsOf(client),
): void {
  describe.each(setups)('the store contract on $name', ({ start, shards }) => {
    let servers: Awaited<ReturnType<typeof start>>
    const connections: Connection[] = []

    beforeAll(async () => {
      servers = await start()
      connections.push(await servers.connect(), await servers.connect())
    })
    afterAll(async () => {
      for (const { close } of connections) close()
      await servers.stop()
    })

    test.each(cases.map((one, i) => ({ ...one, i })))('$group: $name', async ({ run, i }) => {
      let opened = 0
      await run(async () => {
        const connection = connections[opened++ % connections.length]
        if (!connection) throw new Error('no connection')
        return redisStore({ client: connection.client, prefix: `c${i}`, shards, ...TIMEOUTS })
      })
    })
  })
}
