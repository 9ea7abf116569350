import { type ApiToken, createLatchkey, memoryStore } from '@latchkey/core'
import { fastify } from 'fastify'
import { latchkeyFastify } from '../../src/index.js'

// A host with a member `apiToken` of its own: never run.

declare module 'fastify' {
  interface FastifyRequest {
    apiToken?: string
  }
}

// As `declare module '@latchkey/fastify'`.
declare module '../../src/types.js' {
  interface HostMembers {
    apiToken: true
  }
}

const latchkey = createLatchkey({ store: memoryStore() })
const { requireToken } = latchkeyFastify(latchkey, { property: 'key' })
const app = fastify()
app.get('/reports', { onRequest: requireToken() }, async (request) => {
  const own: string | undefined = request.apiToken
  return { own, owner: request.getDecorator<ApiToken>('key').owner }
})
