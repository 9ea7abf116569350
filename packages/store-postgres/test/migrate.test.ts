import { expect, test } from 'vitest'
import { migrate, nodePg, postgresStore } from '../src/index.js'
import { ENVIRONMENT, newPool, newSchema, PATIENT, sharedServer } from './support.js'

const shared = sharedServer()

test.each(['read committed', 'serializable'])(
  'hosts that start together create the tables once (%s)',
  async (isolation) => {
    const options = { options: `-c default_transaction_isolation=${isolation.replaceAll(' ', '\\ ')}` }
    const clients = Array.from({ length: 3 }, () => nodePg(newPool(shared.server, options)))
    for (let round = 0; round < 8; round++) {
      const schema = newSchema()
      const opening = clients.flatMap((client) =>
        Array.from({ length: 4 }, async () => postgresStore({ client, schema, ...PATIENT }).open(ENVIRONMENT)),
      )
      const migrating = clients.map(async (client) => migrate(client, { schema }))
      const environments = await Promise.all(opening)
      await Promise.all(migrating)
      expect(new Set(environments.map(({ dataset }) => dataset)).size).toBe(1)
    }
  },
)
