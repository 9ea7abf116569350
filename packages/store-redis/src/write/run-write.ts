import { StoreError } from '@latchkey/core/store'
import type { Argument } from '../clients/client.js'
import { type Deadline, msLeft } from '../connection.js'
import { foreignDataset, type Keyspace } from '../keyspace.js'
import type { Script } from '../scripts/script.js'

const LOCK_PAUSE_MS = 50

export interface WriteReply {
  readonly outcome: string
  readonly values: readonly unknown[]
}

/**
 * Runs a script that begins with `CHECK_WRITABLE`: its first keys are meta and lock, and the text of meta goes in front of
 * the arguments here. While `rebuild()` holds the lock, it waits.
 */
export async function runWrite(
  keyspace: Keyspace,
  script: Script,
  keys: readonly string[],
  args: readonly Argument[],
  deadline: Deadline,
): Promise<WriteReply> {
  for (;;) {
    const reply = await keyspace.connection.script(script, keys, [keyspace.dataset.meta, ...args], deadline)
    const [outcome, ...values] = reply as unknown[]
    if (String(outcome) === 'META') throw foreignDataset(keyspace)
    if (String(outcome) !== 'LOCK') return { outcome: String(outcome), values }
    // Early enough that the caller hears the reason, and not of a timeout.
    if (msLeft(deadline) < deadline.ms / 4) {
      throw new StoreError('ERR_STORE', 'The indexes are being rebuilt; writes are refused meanwhile.')
    }
    await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS))
  }
}
