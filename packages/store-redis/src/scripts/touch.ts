import { GUARD, script } from './script.js'

/**
 * Records last uses, at most 100 tokens per call. Answers {OK}.
 *
 * Invariant: a last use only moves forward, a secret's only while the document names its generation, and nothing is
 * written for a token that has no document under this prefix. The document itself is only read. The token's own last
 * use and its place in the index move together. A token may come twice: its later use builds on the earlier one.
 *
 * Three commands for the whole call, since each from Lua costs more than what it does for one token.
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
local keys, stored, pending, texts, places = {}, {}, {}, {}, {}
for k = 4, #KEYS do keys[k - 3] = KEYS[k] end
stored = redis.call('MGET', unpack(keys))
for u = 1, #keys / 2 do
  local usesKey, a = keys[2 * u], 4 * u - 1
  local gen, at, ip = ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
  local document, text = stored[2 * u - 1], pending[usesKey] or stored[2 * u]
  if document and string.sub(document, 25, 24 + #begins) == begins then
    local c, p = struct.unpack('>I4I4', document, 9)
    local moved, out, lastAt, lastGen = true, nil, '-1', gen
    if text then lastAt, lastGen = string.match(text, '^(%S+) %S+\\n(%d+) =$') end
    if tonumber(gen) == c and lastGen == gen then
      -- The usual case: only the current secret was ever used.
      moved = tonumber(at) > tonumber(lastAt)
      if moved then out = at .. ' ' .. ip .. '\\n' .. gen .. ' =' end
    else
      out, moved = merged(text or '-1 -', string.format('%d', c), string.format('%d', p), gen, at, ip)
    end
    if out then
      pending[usesKey] = out
      texts[#texts + 1], texts[#texts + 2] = usesKey, out
    end
    if moved then places[#places + 1], places[#places + 2] = at, string.sub(document, 5, 8) .. ARGV[a] end
  end
end
if #texts > 0 then redis.call('MSET', unpack(texts)) end
if #places > 0 then redis.call('ZADD', KEYS[3], 'XX', 'GT', unpack(places)) end
return {'OK'}
`)
