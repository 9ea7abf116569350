// lib/tokens.ts
import { latchkeyFetch } from '@latchkey/core/fetch'
import { latchkey } from './latchkey'

const { requireToken, tokenRoutes } = latchkeyFetch(latchkey)
export const readers = requireToken({ scopes: ['reports.read'] })
export const routes = tokenRoutes({ dialect: 'latchkey' })

// Without such a proxy: undefined.
export const addressOf = ({ headers }: Request) => headers.get('x-forwarded-for')?.split(',').at(-1)?.trim()
