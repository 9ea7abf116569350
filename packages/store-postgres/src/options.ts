import { assertKnownOptions, integerOption, optionError } from '@latchkey/core/store'
import type { PostgresClient } from './client.js'

/** Which database, which schema, and how long a call may take. */
export interface PostgresStoreOptions {
  /** `nodePg(pool)`, or an adapter of your own for another driver. */
  client: PostgresClient
  /** Where the tables are: 1 to 48 of `a-z0-9_`, not beginning with a digit. Default: `latchkey`. */
  schema?: string | undefined
  /** Within how many milliseconds a point read answers or rejects. Default: 300. */
  readTimeout?: number | undefined
  /** The same for any other operation, and for each statement of touch and purge. Default: 2,000. */
  manageTimeout?: number | undefined
}

export type Settings = ReturnType<typeof readOptions>

const MAX_TIMEOUT_MS = 60_000

/** The options with their defaults. Throws a `TypeError` (`ERR_OPTION`) that names the option. */
export function readOptions(options: PostgresStoreOptions) {
  assertKnownOptions('postgresStore', options, ['client', 'schema', 'readTimeout', 'manageTimeout'])
  return {
    client: readClient('postgresStore: client', options.client),
    schema: readSchemaName('postgresStore: schema', options.schema),
    readTimeout: integerOption('postgresStore: readTimeout', options.readTimeout ?? 300, 1, MAX_TIMEOUT_MS),
    manageTimeout: integerOption('postgresStore: manageTimeout', options.manageTimeout ?? 2_000, 1, MAX_TIMEOUT_MS),
  }
}

export function readClient(place: string, client: PostgresClient): PostgresClient {
  const isAdapter = typeof (client as PostgresClient | undefined)?.query === 'function'
  // Drivers have a query function too, which takes and returns something else.
  if (isAdapter && !['connect', 'exec'].some((member) => member in client)) return client
  throw optionError(place, 'must be nodePg(pool), or an adapter with a function query(text, values, options)')
}

export function readSchemaName(place: string, name = 'latchkey'): string {
  if (typeof name === 'string' && /^[a-z_][a-z0-9_]{0,47}$/.test(name)) return name
  throw optionError(place, 'must be 1 to 48 of a-z 0-9 _ and not begin with a digit')
}
