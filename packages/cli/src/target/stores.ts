import { existsSync } from 'node:fs'
import type { TokenStore } from '@latchkey/core'
import { CommandError, misused } from '../failures.js'
import { openPostgres } from './postgres.js'
import { openRedis } from './redis.js'
import type { Server } from './server.js'
import { isPostgres, isRedis, withoutPassword } from './url.js'

/** A store that `--store` names. */
export interface OpenStore {
  readonly store: TokenStore
  readonly server: Server | undefined
  close(): Promise<void>
}

const SQLITE = 'sqlite:'

/** `creates`: whether a file that is not there is made. Fails with a sentence that holds no password. */
export async function openStore(url: string, creates = false): Promise<OpenStore> {
  if (url.startsWith(SQLITE)) return openSqlite(url.slice(SQLITE.length), creates)
  if (isRedis(url)) return openRedis(url)
  if (isPostgres(url)) return openPostgres(url)
  throw misused(`A store is sqlite:FILE, redis://HOST or postgres://USER@HOST/DATABASE, not ${withoutPassword(url)}.`)
}

async function openSqlite(path: string, creates: boolean): Promise<OpenStore> {
  if (path === '') throw misused('Name the file of the store: sqlite:FILE.')
  if (!creates && !existsSync(path)) {
    throw new CommandError(`There is no file ${path}. Check the path: the service that uses it makes the file.`)
  }
  const { sqliteStore } = await import('@latchkey/store-sqlite')
  const store = sqliteStore({ path })
  return { store, server: undefined, close: () => store.close() }
}
