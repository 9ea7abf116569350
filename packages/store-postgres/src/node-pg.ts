import { beforeDeadline, compact, type Deadline, deadlineIn, optionError } from '@latchkey/core/store'
import type { PostgresClient, PostgresRow, PostgresValue, Unlisten } from './client.js'
import { sqlState } from './database.js'

/** The part of a `Pool` of `pg` 8 that is used. */
export interface PgPool {
  connect(callback: (error: Error | undefined, client: PgPoolClient | undefined) => void): void
  on(event: 'error', listener: (error: Error) => void): unknown
  readonly totalCount: number
  readonly options: object
}

/** The part of a pool's client that is used. */
export interface PgPoolClient {
  query(config: { text: string; values: unknown[]; name?: string }): Promise<{ rows: PostgresRow[] }>
  release(broken?: boolean): void
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
}

/** The part of a `Client` of `pg` 8 that listening uses. */
interface PgListener {
  connect(): Promise<unknown>
  query(text: string): Promise<unknown>
  end(): Promise<unknown>
  on(event: 'notification', listener: (message: { channel: string; payload?: string }) => void): unknown
  on(event: 'error' | 'end', listener: () => void): unknown
}

/** So often LISTEN is repeated: it keeps the connection in use, and shows when it is dead. */
const LISTEN_EVERY_MS = 30_000
const LISTEN_TIMEOUT_MS = 2_000

const watchedPools = new WeakSet<PgPool>()

/**
 * The host's own `pg` Pool. The store never ends it. To hear of changes it opens one more connection, with the pool's
 * options, that is not part of the pool.
 *
 * Connections that break while they are idle no longer end the process: the store listens to the pool's `error` event.
 * Throws a `TypeError` for what is no Pool.
 *
 * @example
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 2_000 })
 * const store = postgresStore({ client: nodePg(pool) })
 */
export function nodePg(pool: PgPool): PostgresClient {
  if (typeof (pool as PgPool | undefined)?.connect !== 'function' || typeof pool.totalCount !== 'number') {
    throw optionError('nodePg: pool', 'must be a Pool of the package pg: new pg.Pool(…)')
  }
  if (!watchedPools.has(pool)) {
    watchedPools.add(pool)
    pool.on('error', ignore)
  }
  return {
    query: async (text, values, { name, timeout }) => query(pool, text, values, name, timeout),
    listen: async (channel, onMessage, onLost) => listen(pool, channel, onMessage, onLost),
  }
}

/**
 * As `pool.query`, which destroys the connection after every error of the server, and which sends a statement even if
 * its caller has given up waiting for a connection.
 */
async function query(
  pool: PgPool,
  text: string,
  values: readonly PostgresValue[],
  name: string | undefined,
  timeout: number,
): Promise<readonly PostgresRow[]> {
  const deadline = deadlineIn(timeout)
  const client = await checkOut(pool, deadline)
  let isBroken = false
  try {
    const send = async () => client.query({ text, values: [...values], ...compact({ name }) })
    return (await beforeDeadline(deadline, send)).rows
  } catch (error) {
    isBroken = !isUsableAfter(error)
    throw error
  } finally {
    // To destroy a connection is to reject its query.
    client.release(isBroken)
    client.off('error', ignore)
  }
}

/** A connection that comes too late goes back at once. */
async function checkOut(pool: PgPool, deadline: Deadline): Promise<PgPoolClient> {
  let isLate = false
  const connecting = async () =>
    new Promise<PgPoolClient>((resolve, reject) => {
      pool.connect((error, client) => {
        if (client === undefined) return reject(error)
        if (isLate) return client.release()
        // Without a listener the loss of a connection in use ends the process. It may be lost before a promise is
        // settled.
        client.on('error', ignore)
        resolve(client)
      })
    })
  return beforeDeadline(deadline, connecting).catch((error: unknown) => {
    isLate = true
    throw error
  })
}

/** After an error of the server that did not end the session. */
function isUsableAfter(error: unknown): boolean {
  return sqlState(error) !== undefined && (error as { severity?: string }).severity === 'ERROR'
}

async function listen(
  pool: PgPool,
  channel: string,
  onMessage: (payload?: string) => void,
  onLost: () => void,
): Promise<Unlisten> {
  const client = newClient(pool)
  let onEnd = ignore
  let renewing: NodeJS.Timeout | undefined
  const end = () => {
    clearInterval(renewing)
    client.end().catch(ignore)
    onEnd()
    onEnd = ignore
  }
  const inTime = async (step: Promise<unknown>) => {
    // To end the connection is to reject the step.
    const timer = setTimeout(end, LISTEN_TIMEOUT_MS)
    await step.finally(() => clearTimeout(timer))
  }
  const renew = async () => inTime(client.query(`listen "${channel}"`))
  client.on('error', end)
  client.on('end', end)
  client.on('notification', (message) => {
    if (message.channel === channel) onMessage(message.payload)
  })
  try {
    await inTime(client.connect())
    await renew()
  } catch (error) {
    end()
    throw error
  }
  onEnd = onLost
  renewing = setInterval(() => void renew().catch(end), LISTEN_EVERY_MS).unref()
  return async () => {
    onEnd = ignore
    end()
  }
}

/** A connection like those of the pool, made as the pool makes them. */
function newClient(pool: PgPool): PgListener {
  const Client = Reflect.get(pool, 'Client') as new (options: object) => PgListener
  return new Client(pool.options)
}

function ignore(): void {}
