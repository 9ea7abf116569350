// Who may manage an environment of the example host is told by the host's own tokens, which may be out of reach alone.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { memoryStore } from '@latchkey/core'
import { expect, onTestFinished, test } from 'vitest'
import { hostEnvironments } from '../examples/host/src/environments.js'
import { expressHost } from '../examples/host/src/express-host.js'
import { koaHost } from '../examples/host/src/koa-host.js'
import { firstToken, hostTokens } from '../examples/host/src/tokens.js'

test.each([
  ['express', expressHost],
  ['koa', koaHost],
])('on %s a host that cannot check its own tokens answers 503, not "somebody else"', async (_, host) => {
  const store = memoryStore()
  const main = hostTokens(store)
  const environments = hostEnvironments(store, main)
  const server = createServer(host(main, environments)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    for (const instance of environments.instances()) await instance.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/e/red/api/v2/apiTokens`
  const headers = { Authorization: `Bearer ${await firstToken(main)}` }
  expect((await fetch(url, { headers })).status).toBe(200)
  // Its tokens are out of reach now; those of the environment are not.
  await main.close()
  const answer = await fetch(url, { headers })
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
})
