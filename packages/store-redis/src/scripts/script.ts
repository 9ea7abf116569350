import { createHash } from 'node:crypto'

/** A Lua script and the SHA-1 under which Redis keeps it. */
export interface Script {
  readonly source: string
  readonly sha: string
}

export function script(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

/**
 * Pieces that the write scripts share. Their first keys and arguments are alike:
 * KEYS meta, lock, seq, log, document …; ARGV text of meta, channel, shard, token id, raw id ….
 */

/** Refuses to write to another data set than the caller opened, and while `rebuild()` works. */
export const GUARD = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'META'} end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'LOCK'} end
`

/** Every change gets the next number of the sequence, an entry of the stream (the truth) and a message (the hint). */
export const ANNOUNCE = `
local function announce(change)
  local q = redis.call('INCR', KEYS[3])
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', 10000, '*', 'q', q, 'i', ARGV[4], 'o', change)
  redis.call('PUBLISH', ARGV[2], ARGV[3] .. ' ' .. q .. ' ' .. change .. ' ' .. ARGV[4])
  return q
end
`

/** Index entries: entry i is KEYS[firstKey + i] with three arguments (kind, score, name). `tail` is number and raw id. */
export const ENTRIES = `
local function entry(firstKey, firstArg, i)
  local a = firstArg + 3 * i
  return KEYS[firstKey + i], ARGV[a], ARGV[a + 1], ARGV[a + 2]
end
local function add(firstKey, firstArg, from, to, tail)
  for i = from, to do
    local key, kind, score, name = entry(firstKey, firstArg, i)
    if kind == 'z' then redis.call('ZADD', key, score, name .. tail)
    else redis.call('SETBIT', key, struct.unpack('>I4', tail), 1) end
  end
end
local function remove(firstKey, firstArg, from, to, tail)
  for i = from, to do
    local key, kind, _, name = entry(firstKey, firstArg, i)
    if kind == 'z' then redis.call('ZREM', key, name .. tail)
    else redis.call('SETBIT', key, struct.unpack('>I4', tail), 0) end
  end
end
`
