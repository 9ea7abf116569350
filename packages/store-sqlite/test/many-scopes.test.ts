import { tokenRecord } from '@latchkey/testkit'
import { expect, test } from 'vitest'
import { arrivalRow } from '../src/arrivals.js'
import { openConnections } from '../src/connections.js'
import { transaction } from '../src/database.js'
import { insertToken } from '../src/write.js'
import { assertConsistent } from './consistency.js'
import { temporaryFolder } from './temporary.js'

const KNOWN = 100_000

test('a token with new scopes is stored as fast as ever, however many scopes there are', () => {
  const path = `${temporaryFolder()}/tokens.db`
  const options = { busyTimeout: 0, durability: 'normal', create: true, checkIntegrity: false } as const
  const { writer: db, close } = openConnections({ path, ...options })
  db.exec("INSERT INTO environment (name, dataset, sealing_key) VALUES ('default', '', '')")
  const first = Array.from({ length: 52 }, (_, i) => `first.${i}`)
  const more = Array.from({ length: 100 }, (_, i) => `new.${i}`)
  transaction(db, 'IMMEDIATE', () => insertToken(db, arrivalRow(1, tokenRecord({ scopes: first }))))
  db.exec(`WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < ${KNOWN})
    INSERT INTO scope (env, name, bit) SELECT 1, 'known.' || i, 52 FROM i`)

  const begun = performance.now()
  transaction(db, 'IMMEDIATE', () => insertToken(db, arrivalRow(1, tokenRecord({ scopes: more }))))
  // Looking at all of them for each new one took ten seconds and more.
  expect(performance.now() - begun).toBeLessThan(1_000)

  db.exec('DELETE FROM scope WHERE tokens = 0')
  close()
  assertConsistent(path)
})
