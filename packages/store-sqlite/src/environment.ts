import { randomBytes, randomUUID } from 'node:crypto'
import type { Connections } from './connections.js'
import { transaction } from './database.js'
import type { Results } from './protocol.js'
import { columnText } from './rows.js'

/** The environment of this name, made if there is none yet. */
export function openEnvironment({ identity, writer }: Connections, name: string): Results['open'] {
  const find = () =>
    writer.sql('SELECT env, dataset, sealing_key FROM environment WHERE name = ?').get(columnText(name))
  const row =
    find() ??
    transaction(writer, 'IMMEDIATE', () => {
      writer
        .sql('INSERT INTO environment (name, dataset, sealing_key) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING')
        .run(columnText(name), randomUUID(), randomBytes(32).toString('hex'))
      return find()
    })
  const [env, dataset, sealingKey] = row ?? []
  return { identity, env: Number(env), dataset: String(dataset), sealingKey: String(sealingKey) }
}
