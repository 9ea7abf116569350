import type { TokenRecord } from '@latchkey/core/store'

/**
 * Last uses as text, apart from the document: the first line is the token's own, each further line a generation's, with
 * `=` where it is the same use as the token's own (the usual case): "1763758816000 192.0.2.1\n1 =". `-` is no address,
 * -1 as time is no use. `scripts/touch.ts` reads and writes the same text.
 */
export function encodeUses(record: TokenRecord): string {
  const own = encodeUse(record)
  let text = own
  let used = record.lastUsedAt !== undefined
  for (const secret of record.secrets) {
    if (secret.lastUsedAt === undefined) continue
    used = true
    const use = encodeUse(secret)
    text += `\n${secret.gen} ${use === own ? '=' : use}`
  }
  return used ? text : ''
}

/** Sets the last uses in the record. Lines of generations that are gone are ignored. */
export function applyUses(record: TokenRecord, text: string): void {
  const [own = '', ...lines] = text.split('\n')
  applyUse(record, own)
  for (const line of lines) {
    const blank = line.indexOf(' ')
    const gen = Number(line.slice(0, blank))
    const use = line.slice(blank + 1)
    const secret = record.secrets.find((candidate) => candidate.gen === gen)
    if (secret) applyUse(secret, use === '=' ? own : use)
  }
}

interface Used {
  lastUsedAt?: number
  lastUsedIp?: string
}

function encodeUse({ lastUsedAt = -1, lastUsedIp }: Used): string {
  return `${lastUsedAt} ${encodeAddress(lastUsedIp)}`
}

function applyUse(target: Used, use: string): void {
  const blank = use.indexOf(' ')
  const at = Number(use.slice(0, blank))
  if (at < 0) return
  target.lastUsedAt = at
  const address = use.slice(blank + 1)
  if (address !== '-') target.lastUsedIp = address.includes('%') ? decodeURIComponent(address) : address
}

/** What an address is, the hosts' frameworks decide, so anything that would break the lines is escaped. */
export function encodeAddress(ip: string | undefined): string {
  if (ip === undefined || ip === '') return '-'
  if (/^[0-9A-Za-z.:]+$/.test(ip)) return ip
  // Through UTF-8, since a lone surrogate cannot be escaped.
  return encodeURIComponent(Buffer.from(ip).toString()).replaceAll('-', '%2D')
}
