import { PGlite } from '@electric-sql/pglite'
import { storeContract } from '@latchkey/testkit'
import postgres from 'postgres'
import { afterAll, beforeAll, describe } from 'vitest'
import { contractOn } from './contract-on.js'
import { pglite, postgresJs } from './drivers.js'
import { LONG, sharedServer } from './support.js'

/** All cases with LATCHKEY_LONG=1; else those of what drivers do differently: values, rows and channels. */
const GROUPS = LONG ? undefined : ['open', 'insert', 'update', 'remove', 'watch']
const CASES = storeContract.filter(({ group }) => GROUPS?.includes(group) ?? true)
/**
 * PGlite computes in the process of the test. Beside other tests its writes keep that busy for longer than the second that a
 * change may take, so the cases of `watch` run in the long form, which has the machine for itself.
 */
const CASES_IN_PROCESS = CASES.filter(({ group }) => LONG || group !== 'watch')

describe('the store contract on postgres.js', () => {
  const shared = sharedServer()
  let sqls: postgres.Sql[]
  beforeAll(() => {
    sqls = [1, 2].map(() => postgres(shared.server.url, { onnotice: () => {} }))
  })
  afterAll(async () => {
    await Promise.all(sqls.map(async (sql) => sql.end()))
  })
  contractOn(() => sqls.map(postgresJs), CASES)
})

describe('the store contract on PGlite', () => {
  let db: PGlite
  beforeAll(async () => {
    db = await PGlite.create()
  })
  afterAll(async () => db.close())
  contractOn(() => [pglite(db)], CASES_IN_PROCESS)
})
