export interface Program {
  readonly path: string
  readonly version: string
}

/** The folder of PostgreSQL's programs. Throws a sentence if there is none. */
export function postgresFolder(): string
/** The path of PgBouncer. Throws a sentence if there is none. */
export function pgbouncerBinary(): string
/** The path of Chromium. Throws a sentence if there is none. */
export function chromiumBinary(): string
/** POSTGRES_BIN, else a folder of the path, else that of the newest version. */
export function findPostgres(): Program | undefined
/** PGBOUNCER_BIN, else the one of the path. */
export function findPgbouncer(): Program | undefined
/** CHROMIUM_BIN, else one of the path, else one among the applications of a Mac. */
export function findChromium(): Program | undefined
