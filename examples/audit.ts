// The audit in a table of your own database: what cannot be audited is not done. node dist/audit.js <database file>
import { once } from 'node:events'
import { type AuditEntry, createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import express from 'express'
import Database from 'libsql'

const database = new Database(process.argv[2] ?? 'audit.sqlite')
database.exec(`CREATE TABLE IF NOT EXISTS token_audit (
  at TEXT NOT NULL,
  action TEXT NOT NULL,
  outcome TEXT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id TEXT,
  actor_owner TEXT,
  ip TEXT,
  token_id TEXT,
  entry TEXT NOT NULL
) STRICT`)
const insert = database.prepare('INSERT INTO token_audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')

/** Writes one row for each entry. If it throws for an entry that has `begun`, nothing is changed and the caller gets 503. */
function onAudit(entry: AuditEntry): void {
  const { at, action, outcome, actor, ip, token } = entry
  const row = [new Date(at).toISOString(), action, outcome, actor.kind, actor.id, actor.owner, ip, token?.id]
  insert.run([...row.map((value) => value ?? null), JSON.stringify(entry)])
}

const store = memoryStore()
const latchkey = createLatchkey({ prefix: 'acme', store, scopes: { 'reports.read': 'Read reports' }, onAudit })
const { tokenRoutes } = latchkeyExpress(latchkey)
const app = express().use('/tokens', tokenRoutes({ dialect: 'latchkey' }))

const server = app.listen(3000)
await once(server, 'listening')
const { token } = await latchkey.create({ name: 'first', owner: 'admin', scopes: ['*'] })
console.log(`curl -H 'Authorization: Bearer ${token}' http://localhost:3000/tokens`)

await once(process, 'SIGTERM')
server.close()
await once(server, 'close')
await latchkey.close()
await store.close()
database.close()
