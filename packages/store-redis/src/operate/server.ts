import { causeCode } from '@latchkey/core/store'
import type { Argument } from '../clients/client.js'
import { type Connection, manageDeadline } from '../connection.js'
import type { ShardRef } from '../keys.js'
import type { Keyspace } from '../keyspace.js'
import type { Settings } from '../options.js'
import { INFO, SCAN } from '../scripts/operate.js'

/** One command on one key. */
export async function send(
  { connection, settings }: Keyspace,
  command: string,
  key: string,
  ...args: readonly Argument[]
): Promise<unknown> {
  return connection.command(key, [command, key, ...args], manageDeadline(settings))
}

/**
 * The distinct ends of all keys of a shard that begin with its base and `kind`, such as `t:`. Looks at every key of the
 * node, in steps of 1,000; keeps all ends in memory.
 */
export async function scanKeys({ connection, settings }: Keyspace, shard: ShardRef, kind: string): Promise<string[]> {
  const start = `${shard.base}${kind}`
  const found = new Set<string>()
  let cursor = '0'
  do {
    const reply = await connection.script(SCAN, [shard.meta], [cursor, `${start}*`], manageDeadline(settings))
    const [next, names] = reply as [Buffer, Buffer[]]
    cursor = String(next)
    for (const name of names) found.add(name.toString().slice(start.length))
  } while (cursor !== '0')
  return [...found]
}

/** The number of the database that the client uses; 0 where the server does not tell. A Cluster has no other. */
export async function databaseNumber({ client, command }: Connection, settings: Settings): Promise<number> {
  if (client.cluster) return 0
  try {
    const info = String(await command('', ['CLIENT', 'INFO'], manageDeadline(settings)))
    return Number(/\bdb=(\d+)/.exec(info)?.[1] ?? 0)
  } catch (error) {
    // Messages also name their data set, so only copies of one data set need the number.
    if (causeCode(error) === 'NOPERM') return 0
    throw error
  }
}

/** One sentence for each memory policy that evicts keys: it would lose tokens. */
export async function memoryWarnings({ dataset, connection, settings }: Keyspace): Promise<string[]> {
  const warnings = await Promise.all(
    dataset.shards.map(async ({ meta }) => {
      try {
        const info = String(await connection.script(INFO, [meta], ['memory'], manageDeadline(settings)))
        const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1] ?? 'noeviction'
        if (policy === 'noeviction') return []
        return [`maxmemory-policy is ${policy}: Redis may delete tokens and indexes. Set it to noeviction.`]
      } catch {
        return ['maxmemory-policy could not be read (INFO is refused); it must be noeviction.']
      }
    }),
  )
  return [...new Set(warnings.flat())]
}
