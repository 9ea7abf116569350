import { script } from './script.js'

/**
 * Makes the meta of a shard, if the shard is wholly empty. Answers {OK}, {FOUND, meta} or {LOST}: there are data but no
 * meta, which somebody has to look at.
 *
 * KEYS meta seq log created live · ARGV text of meta
 */
export const INIT = script(`
local meta = redis.call('GET', KEYS[1])
if meta then return {'FOUND', meta} end
if redis.call('EXISTS', KEYS[2], KEYS[3], KEYS[4], KEYS[5]) > 0 then return {'LOST'} end
redis.call('SET', KEYS[1], ARGV[1])
return {'OK'}
`)

/** Replaces the meta if it is still the expected one. KEYS meta · ARGV expected, text. Answers {OK} or {META}. */
export const REPLACE_META = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'META'} end
redis.call('SET', KEYS[1], ARGV[2])
return {'OK'}
`)
