// What cannot be told is an outage, and is never taken for an answer.
import { randomUUID } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { argon2id, type Caller, hmacSha256, memoryStore } from '@latchkey/core'
import { describe, expect, test } from 'vitest'
import type { Reply } from './client.js'
import { FRAMEWORKS, scene } from './scene.js'

const K1 = new Uint8Array(32).fill(1)
const K2 = new Uint8Array(32).fill(2)

function unavailable(reply: Reply): void {
  expect([reply.status, reply.headers['retry-after'], reply.headers['www-authenticate']]).toEqual([503, '1', undefined])
}

const hang = () => new Promise<never>(() => undefined)

describe.each(FRAMEWORKS)('on %s', (framework) => {
  test('39 a hash that no hasher here can check is an outage, with a reason of its own, and never a wrong secret', async () => {
    const shared = { store: memoryStore(), environment: randomUUID() }
    const before = await scene(framework, { ...shared, hasher: hmacSha256({ keys: { k1: K1 }, current: 'k1' }) })
    const slow = await scene(framework, { ...shared, hasher: argon2id({ memory: 8, passes: 1 }) })
    const lost = [
      { issued: await before.issue({ scopes: ['*'] }), hash: 'hmac-sha256:k1' },
      { issued: await slow.issue({ scopes: ['*'] }), hash: 'argon2id' },
    ]
    const hasher = hmacSha256({ keys: { k2: K2 }, current: 'k2' })
    const after = await scene(framework, { ...shared, hasher })
    const good = await after.issue({ scopes: ['*'] })
    const missing: unknown[] = []
    const denied: unknown[] = []
    const noteMissing = (message: unknown) => void missing.push(message)
    const noteDenied = (message: unknown) => void denied.push(message)
    subscribe('latchkey:hasher-missing', noteMissing)
    subscribe('latchkey:denied', noteDenied)
    for (const { issued, hash } of lost) {
      missing.length = 0
      const { token, id } = issued
      const asks = [
        () => after.call('GET', '/reports.read', token),
        () => after.call('GET', '/any', token),
        () => after.call('GET', '/tokens', token),
        () => after.call('GET', '/tokens/self', token),
        () => after.call('DELETE', '/tokens/self', token),
        () => after.call('GET', '/panther', token),
        () => after.call('POST', '/tokens/lookup', good.token, { body: { token } }),
        () => after.call('POST', '/tokens/revoke', good.token, { body: { token } }),
        () => after.call('DELETE', `/secret-in-path/${token}`, good.token),
      ]
      for (const ask of asks) unavailable(await ask())
      expect(missing).toEqual(asks.map(() => ({ environment: shared.environment, id, hash })))
      await expect(after.latchkey.verify(token)).rejects.toMatchObject({ code: 'ERR_HASHER', status: 503 })
      const { allowed, checks } = await after.latchkey.explain({ token })
      expect([allowed, checks.find(({ check }) => check === 'secret')]).toEqual([
        false,
        { check: 'secret', passed: false, detail: expect.stringContaining(`of the kind ${hash}: add it`) },
      ])
    }
    unsubscribe('latchkey:hasher-missing', noteMissing)
    unsubscribe('latchkey:denied', noteDenied)
    expect(denied).toEqual([])
    expect(after.latchkey.stats().hashes).toEqual({ 'hmac-sha256:k1': 1, argon2id: 1, 'hmac-sha256:k2': 1 })
    // Whoever has both keys can check both, and says when the old one may go.
    const both = hmacSha256({ keys: { k1: K1, k2: K2 }, current: 'k2' })
    const whole = await scene(framework, { ...shared, hasher: both, acceptHashers: [argon2id()] })
    for (const { issued } of lost) expect((await whole.call('GET', '/reports.read', issued.token)).status).toBe(200)
    expect(whole.latchkey.stats().hashes).toEqual({ 'hmac-sha256:k1': 1, argon2id: 1 })
    await whole.latchkey.flush()
    for (const { issued } of lost) expect((await whole.call('GET', '/reports.read', issued.token)).status).toBe(200)
    expect(whole.latchkey.stats().hashes).toEqual({ 'hmac-sha256:k2': 2 })
  })

  test('39 functions of the host that do not answer are outages after hostTimeout', async () => {
    let owners: () => Promise<readonly string[]> = async () => ['*']
    let signIn: () => Promise<Caller | undefined> = async () => undefined
    const { call, issue, records, latchkey } = await scene(
      framework,
      { hostTimeout: 50, ownerScopes: () => owners(), cache: { ttl: 1 } },
      { routes: { authorize: () => signIn() } },
    )
    const personal = await issue({ personal: true, scopes: ['*'] })
    const plain = await issue({ scopes: ['*'] })
    const before = await records()
    owners = hang
    latchkey.forgetOwner('alice')
    for (const [method, path] of [
      ['GET', '/reports.read'],
      ['GET', '/tokens/self'],
      ['DELETE', '/tokens/self'],
      ['POST', '/tokens/self/rotate'],
    ] as const) {
      unavailable(await call(method, path, personal.token))
    }
    expect((await call('GET', '/reports.read', plain.token)).status).toBe(200)
    owners = async () => ['*']
    signIn = hang
    for (const token of [undefined, plain.token]) {
      for (const [method, path, body] of [
        ['GET', '/tokens'],
        ['POST', '/tokens', { name: 'n', scopes: ['a'] }],
        ['DELETE', `/tokens/${plain.id}`],
        ['POST', `/panther/${plain.id}/rotate`],
      ] as const) {
        unavailable(await call(method, path, token, { body }))
      }
    }
    expect((await records()).map(({ id, version }) => [id, version])).toEqual(
      before.map(({ id, version }) => [id, version]),
    )
    signIn = async () => ({ owner: 'alice', scopes: ['*'] })
    expect((await call('GET', '/tokens')).status).toBe(200)
  })
})
