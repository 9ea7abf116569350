import { CHECK_WRITABLE, script } from './script.js'

/**
 * Names the keys and arguments with which every write of a token begins. `logChange` adds the write to the stream,
 * which is the truth, and returns its number in the sequence; `publish` announces it, which is a hint. `operation` is
 * `c`, `u` or `d` and the version.
 *
 * `origin` is the data set and the shard, for those who share the channel.
 *
 * A message is published last and by `pcall`: a refusal, as by an access list without the channel, breaks no write.
 */
const TOKEN_PRELUDE = `${CHECK_WRITABLE}
local _, _, seqKey, logKey, documentKey, usesKey = unpack(KEYS, 1, 6)
local _, channel, origin, id, rawId = unpack(ARGV, 1, 5)
local function logChange(operation)
  local seq = redis.call('INCR', seqKey)
  redis.call('XADD', logKey, 'MAXLEN', '~', 10000, '*', 'q', seq, 'i', id, 'o', operation)
  return seq
end
local function publish(seq, operation)
  redis.pcall('PUBLISH', channel, origin .. ' ' .. seq .. ' ' .. operation .. ' ' .. id)
end
`

/**
 * Adds (`bit` 1) or removes (0) index entries. An entry is a key, from KEYS[firstKey] on, and three arguments, from
 * ARGV[firstArg] on: `z` with score and name for a sorted set, `b` for a bitmap. `tail` is number and raw id.
 */
const WRITE_ENTRIES = `
local function writeEntries(firstKey, firstArg, count, tail, bit)
  for i = 0, count - 1 do
    local key, kind, score, name = KEYS[firstKey + i], unpack(ARGV, firstArg + 3 * i, firstArg + 3 * i + 2)
    if kind == 'b' then redis.call('SETBIT', key, struct.unpack('>I4', tail), bit)
    elseif bit == 1 then redis.call('ZADD', key, score, name .. tail)
    else redis.call('ZREM', key, name .. tail) end
  end
end
`

/**
 * Stores a new token, if its public part is free. Returns {OK, seq} or {EXISTS, nonce of the stored document}.
 *
 * Invariant: a document that can be read is in every index. So the document is written last: a foreign key that stops
 * the script half way leaves index entries without a document, which lists skip, never a valid token that no list
 * shows.
 *
 * KEYS meta lock seq log document uses live index…
 * ARGV meta channel origin id rawId version(4 bytes) rest-of-document uses operation (kind score name)…
 */
export const CREATE = script(`${TOKEN_PRELUDE}${WRITE_ENTRIES}
local liveKey = KEYS[7]
local version, rest, uses, operation = unpack(ARGV, 6, 9)
if redis.call('EXISTS', documentKey) == 1 then return {'EXISTS', redis.call('GETRANGE', documentKey, 16, 23)} end
local number = redis.call('BITPOS', liveKey, 0)
local packed = struct.pack('>I4', number)
redis.call('SETBIT', liveKey, number, 1)
writeEntries(8, 10, #KEYS - 7, packed .. rawId, 1)
local seq = logChange(operation)
if uses ~= '' then redis.call('SET', usesKey, uses) else redis.call('DEL', usesKey) end
redis.call('SET', documentKey, version .. packed .. rest)
publish(seq, operation)
return {'OK', seq}
`)

/**
 * Replaces a document, if it is still the one that the caller read. Returns {OK, seq, uses}, {GONE}, or
 * {CONFLICT, first 24 bytes of the document, uses}.
 *
 * Invariant: entries are added before the document changes and removed after it, so at no point does an index miss a
 * document. The number stays the token's own for life.
 *
 * The first write is a DEL, for which Redis never lacks memory; what follows in the same script is then let through as
 * well. So a token can be disabled, narrowed and rotated while Redis is out of memory.
 *
 * KEYS meta lock seq log document uses tombstone index…
 * ARGV meta channel origin id rawId expected(8 bytes) version(4 bytes) rest-of-document operation added (kind score
 * name)…
 */
export const UPDATE = script(`${TOKEN_PRELUDE}${WRITE_ENTRIES}
local tombstoneKey = KEYS[7]
local expected, version, rest, operation, added = unpack(ARGV, 6, 10)
local header = redis.call('GETRANGE', documentKey, 0, 23)
if header == '' then return {'GONE'} end
if string.sub(header, 1, 8) ~= expected then return {'CONFLICT', header, redis.call('GET', usesKey) or ''} end
local packed = string.sub(header, 5, 8)
local tail = packed .. rawId
added = tonumber(added)
redis.call('DEL', tombstoneKey)
writeEntries(8, 11, added, tail, 1)
local seq = logChange(operation)
redis.call('SET', documentKey, version .. packed .. rest)
writeEntries(8 + added, 11 + 3 * added, #KEYS - 7 - added, tail, 0)
publish(seq, operation)
return {'OK', seq, redis.call('GET', usesKey) or ''}
`)

/**
 * Removes a token, if its document is still the one that the caller read. Returns {OK, seq}, {GONE} or {CONFLICT}.
 *
 * Invariant: the document goes first, so whatever stops the script afterwards, the token is dead; lists skip what is
 * left in the indexes. DEL is always let through when Redis is out of memory, and what follows it too.
 *
 * The tombstone keeps the nonce of the removal for a minute: a client that sends the same call again after a lost reply
 * learns that it was its own, and of N racing callers still exactly one is told OK.
 *
 * KEYS meta lock seq log document uses tombstone live index…
 * ARGV meta channel origin id rawId expected(8 bytes) nonce (kind score name)…
 */
export const REMOVE = script(`${TOKEN_PRELUDE}${WRITE_ENTRIES}
local tombstoneKey, liveKey = unpack(KEYS, 7, 8)
local expected, nonce = unpack(ARGV, 6, 7)
local head = redis.call('GETRANGE', documentKey, 0, 7)
if head == '' then
  if redis.call('GET', tombstoneKey) == nonce then return {'OK', 0} end
  return {'GONE'}
end
if head ~= expected then return {'CONFLICT'} end
redis.call('DEL', documentKey, usesKey)
local seq = logChange('d0')
local packed = string.sub(head, 5, 8)
-- A damaged document may be too short for a number.
if #packed == 4 then
  writeEntries(9, 8, #KEYS - 8, packed .. rawId, 0)
  redis.call('SETBIT', liveKey, struct.unpack('>I4', packed), 0)
end
redis.call('SET', tombstoneKey, nonce, 'PX', 60000)
publish(seq, 'd0')
return {'OK', seq}
`)
