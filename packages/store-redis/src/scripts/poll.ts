import { script } from './script.js'

/**
 * What happened since a place in the stream: {meta, seq, entries}; with '' as place the last entry alone. Reads only,
 * and all three at one moment.
 *
 * KEYS meta seq log · ARGV id of the last known entry, or ''
 */
export const POLL = script(`
local entries
if ARGV[1] == '' then entries = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)
else entries = redis.call('XRANGE', KEYS[3], '(' .. ARGV[1], '+', 'COUNT', 1000) end
return {redis.call('GET', KEYS[1]) or '', redis.call('GET', KEYS[2]) or '0', entries}
`)
