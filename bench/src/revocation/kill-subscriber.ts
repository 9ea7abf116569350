import type { RedisServer } from '@latchkey/test-servers'

/** Kills the pub/sub connection of this name from another connection; `false` if there is none just now. */
export async function killSubscriber(server: RedisServer, name: string): Promise<boolean> {
  const list = String(await server.command('CLIENT', 'LIST', 'TYPE', 'pubsub'))
  const line = list.split('\n').find((text) => text.includes(` name=${name} `))
  const id = line === undefined ? undefined : /^id=(\d+)/.exec(line)?.[1]
  return id !== undefined && (await server.command('CLIENT', 'KILL', 'ID', id)) === 1
}
