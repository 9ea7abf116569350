import { ANNOUNCE, ENTRIES, GUARD, script } from './script.js'

/**
 * Stores a new token, if its public part is free. Answers {OK, seq} or {EXISTS, nonce of the stored document}.
 *
 * Invariant: a document that can be read is in every index. So the document is written last: a foreign key that stops
 * the script half way leaves index entries without a document, which lists skip, never a valid token that no list shows.
 *
 * KEYS meta lock seq log document uses live index…
 * ARGV meta channel shard id rawId version(4 bytes) rest-of-document uses change (kind score name)…
 */
export const CREATE = script(`${GUARD}${ANNOUNCE}${ENTRIES}
if redis.call('EXISTS', KEYS[5]) == 1 then return {'EXISTS', redis.call('GETRANGE', KEYS[5], 16, 23)} end
local n = redis.call('BITPOS', KEYS[7], 0)
local n4 = struct.pack('>I4', n)
redis.call('SETBIT', KEYS[7], n, 1)
add(8, 10, 0, #KEYS - 8, n4 .. ARGV[5])
local q = announce(ARGV[9])
if ARGV[8] ~= '' then redis.call('SET', KEYS[6], ARGV[8]) else redis.call('DEL', KEYS[6]) end
redis.call('SET', KEYS[5], ARGV[6] .. n4 .. ARGV[7])
return {'OK', q}
`)
