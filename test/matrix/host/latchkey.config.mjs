import { createLatchkey, hmacSha256 } from '@latchkey/core'
import { sqliteStore } from '@latchkey/store-sqlite'

const hasher = hmacSha256({ keys: { k1: Buffer.alloc(32, 'k') }, current: 'k1' })
export const store = sqliteStore({ path: process.env.TOKENS })
export const latchkey = createLatchkey({ prefix: 'acme', store, hasher })
