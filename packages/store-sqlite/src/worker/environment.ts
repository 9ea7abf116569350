import { randomBytes, randomUUID } from 'node:crypto'
import { type Database, transaction } from '../shared/libsql.js'
import type { Results } from '../shared/protocol.js'

/** The environment of this name, created if there is none. */
export function openEnvironment(db: Database, name: string): Omit<Results['open'], 'identity'> {
  const find = () => db.get('SELECT id, dataset, sealing_key FROM environment WHERE name = ?', name)
  const row =
    find() ??
    transaction(db, () => {
      db.run(
        'INSERT INTO environment (name, dataset, sealing_key) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING',
        name,
        randomUUID(),
        randomBytes(32).toString('hex'),
      )
      return find()
    })
  const [env, dataset, sealingKey] = row ?? []
  return { env: Number(env), dataset: String(dataset), sealingKey: String(sealingKey) }
}
