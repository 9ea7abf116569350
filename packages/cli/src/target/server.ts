/** A database server, as the commands for those who operate it see it. */
export interface Server {
  /** Its name and version: `PostgreSQL 15.3`. */
  version(): Promise<string>
  /** Whether it is a copy that takes no writes. */
  isReplica(): Promise<boolean>
  /** Its clock, in epoch milliseconds. */
  time(): Promise<number>
}
