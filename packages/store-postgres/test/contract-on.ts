import { storeContract } from '@latchkey/testkit'
import { test } from 'vitest'
import { type PostgresClient, postgresStore } from '../src/index.js'
import { newSchema, PATIENT } from './support.js'

/** Cases of the store contract; the connections of a case take turns at the clients. */
export function contractOn(clients: () => readonly PostgresClient[], cases = storeContract): void {
  test.each(cases)('$group: $name', async ({ run }) => {
    const schema = newSchema()
    let opened = 0
    await run(async () => {
      const all = clients()
      const client = all[opened++ % all.length]
      if (!client) throw new Error('no client')
      return postgresStore({ client, schema, ...PATIENT })
    })
  })
}
