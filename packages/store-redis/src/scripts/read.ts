import { script } from './script.js'

/**
 * The next members of a sorted set behind a position, in one direction, within bounds of the score:
 * {tails of the members in one string, score and member of the furthest}, or {} at the end. Reads only; O(log N +
 * count).
 *
 * A tail is number and raw id. One string costs Redis a third of a reply of members with scores, and the client next to
 * nothing.
 *
 * The position is a score and a member. The member may be gone: then its place among the equal scores is found by
 * binary search. Members are compared byte by byte, because Lua's `<` follows the server's locale.
 *
 * KEYS sorted set · ARGV 'asc' or 'desc', count, min, max, and the position's score and member ('' for none)
 */
export const WALK = script(`
local key = KEYS[1]
local direction, count, min, max, score, position = unpack(ARGV)
local function isLess(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end
-- How many members come before the position, and how many before what follows it.
local function ranksOf()
  local found = redis.call('ZSCORE', key, position)
  if found and tonumber(found) == tonumber(score) then
    local rank = redis.call('ZRANK', key, position)
    return rank, rank + 1
  end
  local low, high = redis.call('ZCOUNT', key, '-inf', '(' .. score), redis.call('ZCOUNT', key, '-inf', score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if isLess(redis.call('ZRANGE', key, middle, middle)[1], position) then low = middle + 1 else high = middle end
  end
  return low, low
end
local first = redis.call('ZCOUNT', key, '-inf', '(' .. min)
local last = redis.call('ZCOUNT', key, '-inf', max) - 1
if position ~= '' then
  local before, behind = ranksOf()
  if direction == 'asc' then first = math.max(first, behind) else last = math.min(last, before - 1) end
end
if direction == 'asc' then last = math.min(last, first + count - 1) else first = math.max(first, last - count + 1) end
if first > last then return {} end
local members = redis.call('ZRANGE', key, first, last)
local furthest = direction == 'asc' and members[#members] or members[1]
if #furthest > 19 then
  for i, member in ipairs(members) do members[i] = string.sub(member, -19) end
end
return {table.concat(members), redis.call('ZSCORE', key, furthest), furthest}
`)

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
