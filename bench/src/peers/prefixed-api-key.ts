import { checkAPIKey, extractShortToken, generateAPIKey } from 'prefixed-api-key'
import type { Peer } from './peer.js'

/** As many random bits as a secret of Latchkey has: 49 letters of 58. */
const LONG = 49

/** Keys are found by their short token, in a Map of hashes, as its README has it with a database. */
export async function prefixedApiKey(): Promise<Peer> {
  const [good, other] = await Promise.all([generate(), generate()])
  const hashes = new Map([[good.shortToken, good.hash]])
  return {
    name: 'prefixed-api-key',
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
  if (token === undefined) throw new Error('prefixed-api-key made no key')
  return { token, shortToken, hash }
}
