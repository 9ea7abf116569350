import { createLatchkey, hmacSha256, memoryStore } from '@latchkey/core'

const hasher =
  process.env.HASHER === 'hmac' ? hmacSha256({ keys: { k1: Buffer.alloc(32, 'k') }, current: 'k1' }) : undefined
const make = () =>
  createLatchkey({ prefix: 'acme', store: memoryStore(), scopes: { 'reports.read': 'Read reports' }, hasher })
const kept = globalThis as { latchkey?: ReturnType<typeof make> }
kept.latchkey ??= make()
export const latchkey = kept.latchkey
