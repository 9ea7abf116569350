import { GUARD, script } from './script.js'

/**
 * Records last uses, at most 100 tokens per call. Answers {OK}.
 *
 * Invariant: a last use only moves forward, a secret's only while the document names its generation, and nothing is
 * written for a token that has no document under this prefix. The document itself is only read. The token's own last
 * use and its place in the index move together.
 *
 * KEYS meta lock used (document uses)…
 * ARGV meta beginning-of-JSON (rawId gen at address)…
 */
export const TOUCH = script(`${GUARD}
local begins = ARGV[2]
local function merged(text, current, previous, gen, at, ip)
  local ownAt, ownIp, lines = string.match(text, '^(%S+) (%S+)(.*)$')
  local byGen = {}
  for g, a, i in string.gmatch(lines, '\\n(%d+) (%S+) ?(%S*)') do
    if a == '=' then byGen[g] = {ownAt, ownIp} else byGen[g] = {a, i} end
  end
  local known = byGen[gen]
  local moved = tonumber(at) > tonumber(ownAt)
  local newer = (gen == current or gen == previous) and (not known or tonumber(at) > tonumber(known[1]))
  if not moved and not newer then return nil, false end
  if moved then ownAt, ownIp = at, ip end
  if newer then byGen[gen] = {at, ip} end
  local out = ownAt .. ' ' .. ownIp
  for _, g in ipairs({current, previous}) do
    local use = byGen[g]
    if use and use[1] == ownAt and use[2] == ownIp then out = out .. '\\n' .. g .. ' ='
    elseif use then out = out .. '\\n' .. g .. ' ' .. use[1] .. ' ' .. use[2] end
  end
  return out, moved
end
for u = 0, (#KEYS - 3) / 2 - 1 do
  local usesKey, a = KEYS[5 + 2 * u], 3 + 4 * u
  local gen, at, ip = ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
  local head = redis.call('GETRANGE', KEYS[4 + 2 * u], 4, 23 + #begins)
  if string.sub(head, 21) == begins then
    local _, c, p = struct.unpack('>I4I4I4', head)
    local text, moved, out = redis.call('GET', usesKey), true, nil
    local lastAt, lastGen = '-1', gen
    if text then lastAt, lastGen = string.match(text, '^(%S+) %S+\\n(%d+) =$') end
    if tonumber(gen) == c and lastGen == gen then
      -- The usual case: only the current secret was ever used.
      moved = tonumber(at) > tonumber(lastAt)
      if moved then out = at .. ' ' .. ip .. '\\n' .. gen .. ' =' end
    else
      out, moved = merged(text or '-1 -', string.format('%d', c), string.format('%d', p), gen, at, ip)
    end
    if out then redis.call('SET', usesKey, out) end
    if moved then redis.call('ZADD', KEYS[3], 'XX', 'GT', at, string.sub(head, 1, 4) .. ARGV[a]) end
  end
end
return {'OK'}
`)
