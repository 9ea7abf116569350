// Who may manage an environment of the example host is told by the host's own tokens, which may be unreadable alone.
import { startRedis } from '@latchkey/test-servers'
import { expect, onTestFinished, test } from 'vitest'
import { FRAMEWORKS, startHost } from './start-host.js'

test.each(FRAMEWORKS)(
  'on %s a host that cannot check its own tokens answers 503, not "somebody else"',
  async (framework) => {
    const redis = await startRedis()
    onTestFinished(redis.stop)
    const host = await startHost(framework, `redis://127.0.0.1:${redis.port}`)
    onTestFinished(async () => void (await host.stop('SIGKILL')))
    const { url, adminToken } = host
    const created = await fetch(`${url}/api/v2/apiTokens`, {
      method: 'POST',
      headers: { 'X-API-Key': adminToken, 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'second', scopes: ['*'] }),
    })
    const { id, token } = (await created.json()) as { id: string; token: string }
    const list = async () => {
      const answer = await fetch(`${url}/e/red/api/v2/apiTokens`, { headers: { 'X-API-Key': token } })
      return [answer.status, answer.headers.get('retry-after')]
    }
    // Its record, and no other, becomes something that the store cannot read.
    const publicPart = id.slice(id.indexOf('.') + 1)
    const keys = (await redis.command('KEYS', `*${publicPart}*`)) as readonly string[]
    expect(keys).toHaveLength(1)
    await redis.command('RENAME', keys[0] ?? '', 'aside')
    await redis.command('SET', keys[0] ?? '', 'no record')
    expect(await list()).toEqual([503, '1'])
    await redis.command('RENAME', 'aside', keys[0] ?? '')
    expect(await list()).toEqual([200, null])
  },
)
