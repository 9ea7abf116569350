export type { SqliteStoreOptions } from './host/options.js'
export { sqliteStore } from './host/sqlite-store.js'
