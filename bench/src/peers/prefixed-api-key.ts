import { checkAPIKey, extractShortToken, generateAPIKey } from 'prefixed-api-key'
import type { Peer } from './peer.js'

/** 49 characters of 58 have as many random bits as a secret of Latchkey. */
const LONG = 49

/** Finds the hash by the short token in a Map, as its README does in a database. */
export async function prefixedApiKey(): Promise<Peer> {
  const [good, other] = await Promise.all([generate(), generate()])
  const hashes = new Map([[good.shortToken, good.hash]])
  return {
    credential: good.token,
    forged: `${good.token.slice(0, -LONG)}${other.token.slice(-LONG)}`,
    verify(key) {
      const expected = hashes.get(extractShortToken(key))
      return expected !== undefined && checkAPIKey(key, expected)
    },
  }
}

async function generate(): Promise<{ token: string; shortToken: string; hash: string }> {
  const { token, shortToken, longTokenHash: hash } = await generateAPIKey({ keyPrefix: 'bench', longTokenLength: LONG })
  if (token === undefined) throw new Error('prefixed-api-key generated no key')
  return { token, shortToken, hash }
}
