import { ANNOUNCE, ENTRIES, GUARD, script } from './script.js'

/**
 * Replaces a document, if it is still the one that the caller read. Answers {OK, seq, uses}, {GONE}, or
 * {CONFLICT, first 24 bytes of the document, uses}.
 *
 * Invariant: entries are added before the document changes and removed after it, so at no point does an index miss a
 * document. The number stays the token's own for life.
 *
 * The first write is a DEL, for which Redis never lacks memory; what follows in the same script is then let through as
 * well. So a token can be disabled, narrowed and rotated while Redis is out of memory.
 *
 * KEYS meta lock seq log document uses grave index…
 * ARGV meta channel shard id rawId expected(8 bytes) version(4 bytes) rest-of-document change added (kind score name)…
 */
export const CHANGE = script(`${GUARD}${ANNOUNCE}${ENTRIES}
local head = redis.call('GETRANGE', KEYS[5], 0, 23)
if head == '' then return {'GONE'} end
if string.sub(head, 1, 8) ~= ARGV[6] then return {'CONFLICT', head, redis.call('GET', KEYS[6]) or ''} end
local n4, added = string.sub(head, 5, 8), tonumber(ARGV[10])
redis.call('DEL', KEYS[7])
add(8, 11, 0, added - 1, n4 .. ARGV[5])
local q = announce(ARGV[9])
redis.call('SET', KEYS[5], ARGV[7] .. n4 .. ARGV[8])
remove(8, 11, added, #KEYS - 8, n4 .. ARGV[5])
return {'OK', q, redis.call('GET', KEYS[6]) or ''}
`)
