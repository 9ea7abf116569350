import { ANNOUNCE, ENTRIES, GUARD, script } from './script.js'

/**
 * Removes a token, if its document is still the one that the caller read. Answers {OK, seq}, {GONE} or {CONFLICT}.
 *
 * Invariant: the document goes first, so whatever stops the script afterwards, the token is dead; what is left in the
 * indexes, lists skip. DEL is always let through when Redis is out of memory, and what follows it too.
 *
 * The grave keeps the nonce of the removal for a minute: a client that sends the same call again after a lost reply
 * learns that it was its own, and of N racing callers still exactly one is told OK.
 *
 * KEYS meta lock seq log document uses grave live index…
 * ARGV meta channel shard id rawId expected(8 bytes) nonce (kind score name)…
 */
export const REMOVE = script(`${GUARD}${ANNOUNCE}${ENTRIES}
local head = redis.call('GETRANGE', KEYS[5], 0, 7)
if head == '' then
  if redis.call('GET', KEYS[7]) == ARGV[7] then return {'OK', 0} end
  return {'GONE'}
end
if head ~= ARGV[6] then return {'CONFLICT'} end
redis.call('DEL', KEYS[5], KEYS[6])
local q = announce('d0')
local n4 = string.sub(head, 5, 8)
remove(9, 8, 0, #KEYS - 9, n4 .. ARGV[5])
redis.call('SETBIT', KEYS[8], struct.unpack('>I4', n4), 0)
redis.call('SET', KEYS[7], ARGV[7], 'PX', 60000)
return {'OK', q}
`)
