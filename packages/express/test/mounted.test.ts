import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { testHasher } from '@latchkey/testkit'
import express from 'express'
import { expect, test } from 'vitest'
import { latchkeyExpress } from '../src/index.js'

test('a mounted app that trusts fewer proxies judges the address itself, whatever its parent let in', async () => {
  const latchkey = createLatchkey({
    store: memoryStore(),
    hasher: testHasher,
  })
  const networks = ['192.0.2.0/24']
  const { token } = await latchkey.create({ name: 'n', owner: 'alice', scopes: ['a'], networks })
  const { requireToken } = latchkeyExpress(latchkey)
  const [parent, strict] = [express(), express()]
  parent.set('trust proxy', 'loopback')
  strict.set('trust proxy', false)
  strict.use(requireToken(), (_req, res) => void res.end())
  parent.use(requireToken())
  parent.use('/strict', strict)
  parent.get('/', (_req, res) => void res.end())
  const server: Server = parent.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const headers = { 'X-API-Key': token, 'X-Forwarded-For': '192.0.2.1' }
  try {
    expect((await fetch(url, { headers })).status).toBe(200)
    expect((await fetch(`${url}/strict`, { headers })).status).toBe(403)
  } finally {
    server.closeAllConnections()
    server.close()
    await latchkey.close()
  }
})
