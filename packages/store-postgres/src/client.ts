/** What a parameter of a statement can be. */
export type PostgresValue = string | number | boolean | null

/** A row by the names of its columns. A `bigint` may arrive as a string, a number or a BigInt. */
export type PostgresRow = Readonly<Record<string, unknown>>

/** What a statement is sent with. */
export interface PostgresQueryOptions {
  /**
   * The name to prepare the statement by, where that is worth it. A name stands for one text only. An adapter without
   * prepared statements ignores it.
   */
  readonly name?: string | undefined
  /** Milliseconds, with the wait for a connection. The store waits no longer; the adapter should stop then too. */
  readonly timeout: number
}

/**
 * What the store needs of a PostgreSQL driver: `nodePg(pool)` makes one of the host's `pg` Pool. All statements are
 * single ones outside of a transaction, so each may run on a connection of its own.
 */
export interface PostgresClient {
  /**
   * Runs one statement with its parameters `$1`, `$2`, … and resolves to its rows. An error of the server rejects
   * with an error whose `code` is the SQLSTATE; a lost connection with any other error.
   */
  query(text: string, values: readonly PostgresValue[], options: PostgresQueryOptions): Promise<readonly PostgresRow[]>
  /**
   * Listens to a channel (`LISTEN`) and calls `onMessage` with each payload. An adapter that cannot reconnect by itself
   * calls `onLost` when it is cut off; the store then listens again. Without `listen`, changes of other processes
   * are seen within a second instead of milliseconds.
   */
  listen?(channel: string, onMessage: (payload?: string) => void, onLost: () => void): Promise<Unlisten>
}

/** Ends listening. Does not reject. */
export type Unlisten = () => Promise<unknown>
