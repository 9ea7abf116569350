// The audit as JSON lines on stdout, where a log collector takes them up, and two alerts.
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createLatchkey, type LatchkeyEvents, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import express from 'express'

/** A typed listener on one of Latchkey's channels. */
function on<E extends keyof LatchkeyEvents>(event: E, listener: (message: LatchkeyEvents[E]) => void): void {
  subscribe(`latchkey:${event}`, (message) => listener(message as LatchkeyEvents[E]))
}

/** One line of JSON: whatever callers write, it begins no other line. */
function log(line: object): void {
  console.log(JSON.stringify(line))
}

/** Stands for your pager, or your chat. */
function alert(reason: string, details: object): void {
  log({ alert: reason, ...details })
}

on('audit', ({ at, ...entry }) => log({ time: new Date(at).toISOString(), ...entry }))

on('reuse', ({ environment, id, ip }) => alert('a dead secret was presented', { environment, id, ip }))

on('audit', ({ outcome, action, actor, ip, token, violations = [] }) => {
  const exceeded = violations.flatMap(({ dimension }) => dimension ?? [])
  if (outcome !== 'refused' || exceeded.length === 0) return
  alert('somebody asked for more than they have', { action, actor, ip, token, exceeded })
})

const store = memoryStore()
const latchkey = createLatchkey({ prefix: 'acme', store, scopes: { 'reports.read': 'Read reports' } })
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
