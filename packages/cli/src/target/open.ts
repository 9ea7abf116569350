import { userInfo } from 'node:os'
import { type Caller, createLatchkey } from '@latchkey/core'
import type { Command } from 'commander'
import { misused } from '../failures.js'
import { type GlobalOptions, optionsOf } from '../options.js'
import { openConfig } from './config.js'
import { type OpenStore, openStore } from './stores.js'
import type { Target } from './target.js'

/** Opens what `--store` or `--config` names, runs the command on it, and closes it whatever happens. */
export async function withTarget(command: Command, run: (target: Target) => Promise<void>): Promise<void> {
  const options = optionsOf(command)
  const target = await openTarget(options)
  try {
    await run(target)
  } finally {
    await target.close()
  }
}

/** As `withTarget`, for commands that make or check secrets. */
export async function withHost(command: Command, why: string, run: (target: Target) => Promise<void>): Promise<void> {
  if (optionsOf(command).config === undefined) {
    throw misused(`${why}, so it needs the host's own instance: --config latchkey.config.mjs. See docs/cli.md.`)
  }
  return withTarget(command, run)
}

async function openTarget(options: GlobalOptions): Promise<Target> {
  const { store: url, config, environment, prefix } = options
  const caller = operator(options.as)
  if (config !== undefined) {
    if (url !== undefined || environment !== undefined || prefix !== undefined) {
      throw misused(
        '--config brings its own store, environment and prefix: leave --store, --environment and --prefix out.',
      )
    }
    return { ...(await openConfig(config)), server: undefined, isHosts: true, caller }
  }
  if (url === undefined) throw misused('Say which tokens are meant: --store sqlite:FILE, or --config FILE.')
  const opened = await openStore(url)
  await assertEnvironment(opened, environment)
  const latchkey = createLatchkey({ store: opened.store, environment, prefix, lastUsed: false })
  return {
    latchkey,
    store: opened.store,
    server: opened.server,
    isHosts: false,
    caller,
    async close() {
      await latchkey.close()
      await opened.close()
    },
  }
}

/** A name that was mistyped must not make an environment, of which an empty list is then the truth. */
async function assertEnvironment({ store, close }: OpenStore, name = 'default'): Promise<void> {
  await store.open(name, { create: false }).catch(async (error: unknown) => {
    await close()
    throw error
  })
}

/** Whoever sits at the machine may do everything: the rights of the store's files and of its server are what counts. */
function operator(as: string | undefined): Caller {
  const id = as ?? nameOnThisMachine()
  return { id, owner: id, scopes: ['*'], assignOwner: true }
}

function nameOnThisMachine(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run under a number that has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
