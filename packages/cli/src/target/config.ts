import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Latchkey, TokenStore } from '@latchkey/core'
import { misused } from '../failures.js'
import type { Target } from './target.js'

/** What a configuration exports. */
interface Config {
  /** The host's own instance. */
  readonly latchkey: Latchkey
  /** Its store, which is closed at the end. */
  readonly store?: TokenStore
  /** Called at the end: closes what the store needs, as a pool. */
  readonly close?: () => unknown
}

const METHODS = ['create', 'list', 'revokeAll', 'close']

/** Loads the module of `--config`. */
export async function openConfig(file: string): Promise<Pick<Target, 'latchkey' | 'store' | 'close'>> {
  const path = resolve(file)
  await access(path).catch(() => {
    throw misused(`There is no file ${path}, which --config names.`)
  })
  const { latchkey, store, close } = readConfig(path, await load(path))
  return {
    latchkey,
    store,
    async close() {
      await latchkey.close()
      await store?.close()
      await close?.()
    },
  }
}

async function load(path: string): Promise<object> {
  try {
    return (await import(pathToFileURL(path).href)) as object
  } catch (error) {
    throw misused(`${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function readConfig(path: string, module: object): Config {
  const { default: whole = {}, ...named } = module as { default?: object }
  const config: Partial<Config> = { ...whole, ...named }
  const isInstance = METHODS.every((name) => typeof Reflect.get(Object(config.latchkey), name) === 'function')
  if (isInstance) return config as Config
  throw misused(`${path} must export \`latchkey\`, the instance that createLatchkey made. See docs/cli.md.`)
}
