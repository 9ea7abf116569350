import { randomBytes } from 'node:crypto'
import { apiKey } from '@better-auth/api-key'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import type { Peer } from './peer.js'

/** Its api-key plugin over its memory adapter. Its rate limit is off, since no other contender has one. */
export async function betterAuthApiKey(token: string, forged: string): Promise<Peer> {
  const auth = betterAuth({
    baseURL: 'http://127.0.0.1',
    secret: randomBytes(32).toString('hex'),
    database: memoryAdapter({ user: [], session: [], account: [], verification: [], apikey: [] }),
    logger: { disabled: true },
    telemetry: { enabled: false },
    emailAndPassword: { enabled: true },
    plugins: [apiKey({ rateLimit: { enabled: false }, customKeyGenerator: () => token })],
  })
  const owner = { email: 'bench@example.com', name: 'bench', password: randomBytes(16).toString('hex') }
  const { user } = await auth.api.signUpEmail({ body: owner })
  await auth.api.createApiKey({ body: { userId: user.id, name: 'bench' } })
  return {
    credential: token,
    forged,
    async verify(key) {
      return (await auth.api.verifyApiKey({ body: { key } })).valid
    },
  }
}
