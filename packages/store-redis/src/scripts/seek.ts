import { script } from './script.js'

/**
 * Rows of a sorted set behind a position, in one direction, within bounds of the score: member, score, member, score, …
 * always in ascending order. Reads only; O(log N + count).
 *
 * The position is a score and a member, and need not be there any more: then its place among the equal scores is found
 * by binary search. Members are compared byte by byte, because Lua's `<` follows the server's locale.
 *
 * KEYS sorted set · ARGV 'asc' or 'desc', count, min, max, and the position's score and member ('' for none)
 */
export const SEEK = script(`
local key, count = KEYS[1], tonumber(ARGV[2])
local function isLess(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end
local low, high = 0, -1
if ARGV[3] ~= '-inf' then low = redis.call('ZCOUNT', key, '-inf', '(' .. ARGV[3]) end
if ARGV[4] == '+inf' then high = redis.call('ZCARD', key) - 1
else high = redis.call('ZCOUNT', key, '-inf', ARGV[4]) - 1 end
if ARGV[6] ~= '' then
  local score, member = ARGV[5], ARGV[6]
  local found = redis.call('ZSCORE', key, member)
  local rank, there = 0, 0
  if found and tonumber(found) == tonumber(score) then
    rank, there = redis.call('ZRANK', key, member), 1
  else
    local last
    rank = redis.call('ZCOUNT', key, '-inf', '(' .. score)
    last = redis.call('ZCOUNT', key, '-inf', score)
    while rank < last do
      local middle = math.floor((rank + last) / 2)
      if isLess(redis.call('ZRANGE', key, middle, middle)[1], member) then rank = middle + 1 else last = middle end
    end
  end
  if ARGV[1] == 'asc' then low = math.max(low, rank + there) else high = math.min(high, rank - 1) end
end
if ARGV[1] == 'asc' then high = math.min(high, low + count - 1) else low = math.max(low, high - count + 1) end
if low > high then return {} end
return redis.call('ZRANGE', key, low, high, 'WITHSCORES')
`)
