import { script } from './script.js'

// Scripts for operators' methods. A script runs on the node that owns its first key, in a Cluster too: that is how
// commands without a key (INFO, SCAN) reach the right node through every client.

/** KEYS meta (routes only) · ARGV section */
export const INFO = script(`return redis.call('INFO', ARGV[1])`)

/** KEYS meta (routes only) · ARGV cursor pattern. Answers {cursor, keys}. */
export const SCAN = script(`return redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', 1000)`)

/** KEYS lock · ARGV token milliseconds. Keeps a lock that is still ours: 1, else 0. */
export const KEEP_LOCK = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`)

/** KEYS lock · ARGV token */
export const DROP_LOCK = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`)

/**
 * Puts new keys in the place of old ones, while the lock is ours: 1, else 0 and nothing done. The old values are
 * unlinked, which frees them in the background; RENAME alone would free them at once and block.
 *
 * KEYS lock (old new)… · ARGV token
 */
export const SWAP = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 2, #KEYS, 2 do
  redis.call('UNLINK', KEYS[i])
  if redis.call('EXISTS', KEYS[i + 1]) == 1 then redis.call('RENAME', KEYS[i + 1], KEYS[i]) end
end
return 1
`)
