import { script } from './script.js'

/**
 * Writes the meta of a shard, if the shard is wholly empty. Returns {OK}, {FOUND, meta} or {LOST}: there are data but
 * no meta, which an operator has to look at.
 *
 * KEYS meta seq log created live · ARGV text of meta
 */
export const CREATE_META = script(`
local meta = redis.call('GET', KEYS[1])
if meta then return {'FOUND', meta} end
if redis.call('EXISTS', KEYS[2], KEYS[3], KEYS[4], KEYS[5]) > 0 then return {'LOST'} end
redis.call('SET', KEYS[1], ARGV[1])
return {'OK'}
`)

/** Replaces the meta if it is still the expected one. KEYS meta · ARGV expected, text. Returns {OK} or {META}. */
export const REPLACE_META = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'META'} end
redis.call('SET', KEYS[1], ARGV[2])
return {'OK'}
`)

// Scripts of the operators' methods. A script runs on the node that owns its first key, in a Cluster too: so commands
// without a key (INFO, SCAN) reach the right node through every client.

/** KEYS meta (routes only) · ARGV section */
export const INFO = script(`return redis.call('INFO', ARGV[1])`)

/** KEYS meta (routes only) · ARGV cursor pattern. Returns {cursor, keys}. */
export const SCAN = script(`return redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', 1000)`)

/** KEYS lock · ARGV token milliseconds. Returns 1 if the lock is still ours, else 0. */
export const EXTEND_LOCK = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`)

/** KEYS lock · ARGV token */
export const RELEASE_LOCK = script(`
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
