import type { PGlite } from '@electric-sql/pglite'
import type { Sql } from 'postgres'
import type { PostgresClient } from '../src/index.js'

/** The `sql` of the package postgres (postgres.js). */
export function postgresJs(sql: Sql): PostgresClient {
  return {
    query: async (text, values, { name }) => [
      ...(await sql.unsafe(text, [...values], { prepare: name !== undefined })),
    ],
    listen: async (channel, onMessage) => {
      const { unlisten } = await sql.listen(channel, onMessage)
      return unlisten
    },
  }
}

/** PostgreSQL within the process (@electric-sql/pglite). */
export function pglite(db: PGlite): PostgresClient {
  return {
    query: async (text, values) => (await db.query<Record<string, unknown>>(text, [...values])).rows,
    listen: async (channel, onMessage) => db.listen(channel, onMessage),
  }
}
