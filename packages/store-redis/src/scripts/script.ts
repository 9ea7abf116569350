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
 * Every write begins so: it refuses another data set than the caller opened, and to run while `rebuild()` works.
 * KEYS meta lock … · ARGV text of meta ….
 */
export const CHECK_WRITABLE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'META'} end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'LOCK'} end
`
