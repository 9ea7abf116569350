import { CHECK_WRITABLE, script } from './script.js'

/**
 * Records last uses, at most 100 per call. Returns {OK}.
 *
 * Invariant: a last use only moves forward, a secret's only while the document names its generation, and nothing is
 * written for a token that has no document under this prefix. The document itself is only read. The token's own last
 * use and its place in the index move together. A token may come twice: its second use builds on the first.
 *
 * Reads and writes are one command each for the whole call, since each command from Lua costs more than what it does
 * for one token.
 *
 * KEYS meta lock used (document uses)…
 * ARGV meta beginning-of-JSON (rawId gen at address)…
 */
export const TOUCH = script(`${CHECK_WRITABLE}
local usedKey, prefix = KEYS[3], ARGV[2]
local stored = redis.call('MGET', unpack(KEYS, 4))
local pending, texts, scores = {}, {}, {}

-- The text with the use in it (see codec.ts), and whether it is the token's latest; nil if the text already says so.
local function withUse(text, generations, gen, at, address)
  local uses = {}
  for key, usedAt, usedFrom in string.gmatch(text, '(%S+) (%S+) (%S+)') do uses[key] = {usedAt, usedFrom} end
  local function isNewer(key) return not uses[key] or tonumber(at) > tonumber(uses[key][1]) end
  local isLatest = isNewer('*')
  local isLatestOfSecret = (gen == generations[1] or gen == generations[2]) and isNewer(gen)
  if not isLatest and not isLatestOfSecret then return nil end
  if isLatest then uses['*'] = {at, address} end
  if isLatestOfSecret then uses[gen] = {at, address} end
  local lines = {}
  for _, key in ipairs({'*', generations[1], generations[2]}) do
    if uses[key] then lines[#lines + 1] = key .. ' ' .. uses[key][1] .. ' ' .. uses[key][2] end
  end
  return table.concat(lines, '\\n'), isLatest
end

for i = 1, #stored, 2 do
  local document, usesKey = stored[i], KEYS[i + 4]
  local rawId, gen, at, address = unpack(ARGV, 2 * i + 1, 2 * i + 4)
  if document and string.sub(document, 25, 24 + #prefix) == prefix then
    local current, previous = struct.unpack('>I4I4', document, 9)
    local generations = {string.format('%d', current), string.format('%d', previous)}
    local text, isLatest = withUse(pending[usesKey] or stored[i + 1] or '', generations, gen, at, address)
    if text then
      pending[usesKey] = text
      texts[#texts + 1], texts[#texts + 2] = usesKey, text
    end
    if isLatest then scores[#scores + 1], scores[#scores + 2] = at, string.sub(document, 5, 8) .. rawId end
  end
end
if #texts > 0 then redis.call('MSET', unpack(texts)) end
if #scores > 0 then redis.call('ZADD', usedKey, 'XX', 'GT', unpack(scores)) end
return {'OK'}
`)
