import { describe, expect, test } from 'vitest'
import { createRouter, encodeResponse } from '../../src/adapter.js'
import { dynatrace } from '../../src/http/dialects/dynatrace.js'
import { panther } from '../../src/http/dialects/panther.js'
import { matchRoute } from '../../src/http/routes.js'
import { call, MOUNT } from '../support/call.js'
import { testInstance } from '../support/instance.js'

describe('matchRoute', () => {
  test.each([
    [dynatrace, 'GET', '/', { operation: 'list', id: '' }],
    [dynatrace, 'GET', '', { operation: 'list', id: '' }],
    // Two slashes are an empty name, not a list.
    [dynatrace, 'GET', '//', { operation: 'get', id: '' }],
    [dynatrace, 'POST', '//', { allow: 'GET, HEAD, PUT, DELETE' }],
    [dynatrace, 'HEAD', '/', { operation: 'list', id: '' }],
    [dynatrace, 'POST', '/', { operation: 'create', id: '' }],
    [dynatrace, 'POST', '/lookup', { operation: 'lookup', id: '' }],
    [dynatrace, 'POST', '/lookup/', { operation: 'lookup', id: '' }],
    [dynatrace, 'POST', '/revoke', { operation: 'revoke', id: '' }],
    [dynatrace, 'GET', '/openapi.json', { operation: 'describe', id: '' }],
    [dynatrace, 'GET', '/self', { operation: 'get', id: 'self' }],
    [dynatrace, 'PUT', '/x.Y', { operation: 'update', id: 'x.Y' }],
    [dynatrace, 'DELETE', '/a%2Fb', { operation: 'delete', id: 'a/b' }],
    [dynatrace, 'GET', '/%', { operation: 'get', id: '' }],
    [dynatrace, 'GET', '/%73elf', { operation: 'get', id: 'self' }],
    [dynatrace, 'POST', '/x/rotate', { operation: 'rotate', id: 'x' }],
    [dynatrace, 'POST', '/x/rotate/finish', { operation: 'finish', id: 'x' }],
    [dynatrace, 'POST', '/x/rotate/cancel', { operation: 'cancel', id: 'x' }],
    [panther, 'POST', '/x', { operation: 'update', id: 'x' }],
    [panther, 'POST', '/lookup', { operation: 'update', id: 'lookup' }],
    // Fixed paths win, so these are not ids.
    [dynatrace, 'GET', '/lookup', { allow: 'POST' }],
    [dynatrace, 'DELETE', '/revoke', { allow: 'POST' }],
    [dynatrace, 'POST', '/openapi.json', { allow: 'GET, HEAD' }],
    [dynatrace, 'PATCH', '/', { allow: 'GET, HEAD, POST' }],
    [dynatrace, 'POST', '/x', { allow: 'GET, HEAD, PUT, DELETE' }],
    [dynatrace, 'GET', '/x/rotate', { allow: 'POST' }],
    [dynatrace, 'POST', '/%6cookup', { allow: 'GET, HEAD, PUT, DELETE' }],
    [panther, 'PUT', '/x', { allow: 'GET, HEAD, POST, DELETE' }],
    [panther, 'GET', '/x/rotate', { allow: 'POST' }],
  ] as const)('$0.name %s %s', (dialect, method, path, match) => {
    expect(matchRoute(dialect, method, path)).toEqual(match)
  })

  test.each([
    [dynatrace, 'OPTIONS', '/'],
    [dynatrace, 'OPTIONS', '/x'],
    [dynatrace, 'GET', '/x/y'],
    [dynatrace, 'GET', '/x//'],
    [dynatrace, 'POST', '/x/rotate/finish/now'],
    [dynatrace, 'POST', '/x/Rotate'],
    [panther, 'POST', '/x/rotate/finish'],
    [panther, 'POST', '/x/rotate/cancel'],
  ] as const)('steps aside: $0.name %s %s', async (dialect, method, path) => {
    expect(matchRoute(dialect, method, path)).toBeUndefined()
    const { latchkey } = testInstance()
    const parts = { mount: MOUNT, search: '', headers: {}, rawHeaders: [], ip: undefined, body: async () => undefined }
    const router = createRouter({ dialect: dialect.name })
    expect(await router(latchkey, { method, path, ...parts }, undefined)).toBeUndefined()
  })

  test('a known path with another method says which are known, in the dialect’s envelope', async () => {
    const { latchkey } = testInstance()
    expect(await call(latchkey, { line: 'PATCH /x' })).toMatchObject({
      status: 405,
      headers: { Allow: 'GET, HEAD, PUT, DELETE', 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' },
      body: { error: { code: 405 } },
    })
    const panther = await call(latchkey, { line: 'PUT /', dialect: 'panther' })
    expect(panther).toMatchObject({ status: 405, body: { message: expect.any(String) } })
  })
})

describe('answers', () => {
  test('of create', async () => {
    const { latchkey } = testInstance()
    const { token: by } = await latchkey.create({ name: 'n', owner: 'ada', scopes: ['*'] })
    const body = { name: 'n', scopes: ['a'], expirationDate: '2027-01-01' }
    const created = await call(latchkey, { line: 'POST /', by, body })
    const { id } = created.body as { id: string }
    expect(created).toMatchObject({ status: 201, headers: { Location: `${MOUNT}/${id}` } })
    expect(created.body).toEqual({
      ...{ id, token: expect.stringMatching(/^lk\.[A-Z2-7]{24}\.[A-Z2-7]{64}$/) },
      expirationDate: '2027-01-01T00:00:00.000Z',
    })
    const panther = { name: 'n', permissions: ['a'] }
    expect(await call(latchkey, { line: 'POST /', by, body: panther, dialect: 'panther' })).toMatchObject({
      status: 200,
      body: {
        name: 'n',
        permissions: ['a'],
        allowedCIDRBlocks: [],
        expiresAt: null,
        value: expect.stringMatching(/^lk\./),
      },
    })
  })

  test('of Panther’s update: blocks stay when absent, and are lifted by an empty list alone', async () => {
    const { latchkey } = testInstance()
    const { token: by } = await latchkey.create({ name: 'n', owner: 'ada', scopes: ['*'] })
    const { id } = await latchkey.create({ name: 'n', owner: 'ada', scopes: ['a'], networks: ['10.0.0.0/8'] })
    const update = (more: object) =>
      call(latchkey, { line: `POST /${id}`, by, body: { name: 'm', permissions: ['a'], ...more }, dialect: 'panther' })
    for (const more of [{}, { allowedCIDRBlocks: null }, { expiresAt: 'junk' }]) {
      expect(await update(more)).toMatchObject({ status: 200, body: { name: 'm', allowedCIDRBlocks: ['10.0.0.0/8'] } })
    }
    expect(await update({ allowedCIDRBlocks: [] })).toMatchObject({ status: 200, body: { allowedCIDRBlocks: [] } })
    expect(await latchkey.get(id)).not.toHaveProperty('expiresAt')
    for (const body of [{ name: 'm' }, { permissions: ['a'] }, { name: 'm', permissions: null }]) {
      expect((await call(latchkey, { line: `POST /${id}`, by, body, dialect: 'panther' })).status).toBe(400)
    }
  })

  test('carry the secret in create and rotate alone', async () => {
    const { latchkey } = testInstance()
    const { token: by, id } = await latchkey.create({ name: 'n', owner: 'ada', scopes: ['*'] })
    for (const dialect of ['dynatrace', 'panther'] as const) {
      for (const line of ['GET /', 'GET /self', `GET /${id}`]) {
        const answer = await call(latchkey, { line, by, dialect })
        expect(JSON.stringify(answer)).not.toMatch(/value|"token"|hmac|\.[A-Z2-7]{64}/)
      }
    }
  })

  test.each([
    [{ status: 204 }, { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }, ''],
    [{ status: 200 }, { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'Content-Length': '0' }, ''],
    [
      { status: 200, body: { é: undefined, a: 'é' } },
      {
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        'Content-Type': 'application/json; charset=utf-8',
        'Content-Length': '10',
      },
      '{"a":"é"}',
    ],
    [
      { status: 503, headers: { 'Retry-After': '1' }, body: null },
      {
        ...{
          'Cache-Control': 'no-store',
          'X-Content-Type-Options': 'nosniff',
          'Content-Type': 'application/json; charset=utf-8',
          'Content-Length': '4',
        },
        'Retry-After': '1',
      },
      'null',
    ],
  ])('encoded: %j', (response, headers, text) => {
    expect(encodeResponse(response)).toEqual({ status: response.status, headers, body: text })
  })
})

describe('failures', () => {
  test('of the store are 503 in the dialect’s envelope, of the host’s own code its own', async () => {
    const setup = testInstance()
    const { token: by } = await setup.latchkey.create({ name: 'n', owner: 'ada', scopes: ['*'] })
    const away = testInstance()
    away.store.failing.set('open', new Error('no route to host'))
    for (const line of ['GET /', 'GET /self', 'DELETE /self']) {
      const answer = await call(away.latchkey, { line, by })
      expect(answer).toMatchObject({ status: 503, headers: { 'Retry-After': '1' }, body: { error: { code: 503 } } })
      expect(JSON.stringify(answer)).not.toContain('no route')
    }
    const failing = { line: 'GET /', authorize: () => Promise.reject(new Error('sign-in failed')) }
    await expect(call(setup.latchkey, failing)).rejects.toThrow('sign-in failed')
    for (const slip of [null, false, 'ada', {}, { owner: 'ada' }]) {
      const slipped = { line: 'GET /', authorize: () => slip as never }
      await expect(call(setup.latchkey, slipped)).rejects.toMatchObject({ code: 'ERR_OPTION' })
    }
    expect((await call(setup.latchkey, { line: 'GET /', by, authorize: () => undefined })).status).toBe(200)
  })

  test('a host’s caller needs the management scopes too', async () => {
    const { latchkey } = testInstance({
      managementScopes: { read: 'tokens.see', write: 'tokens.change', admin: 'tokens.rule' },
    })
    const as = (scopes: string[]) => ({ authorize: () => ({ owner: 'ada', scopes }) })
    expect((await call(latchkey, { line: 'GET /', ...as(['tokens.see']) })).status).toBe(200)
    expect(await call(latchkey, { line: 'GET /', ...as(['apiTokens.read', 'tokens.change']) })).toMatchObject({
      status: 403,
      headers: { 'WWW-Authenticate': 'Bearer realm="api", error="insufficient_scope", scope="tokens.see"' },
    })
    const body = { name: 'n', scopes: ['tokens.see'] }
    expect((await call(latchkey, { line: 'POST /', body, ...as(['tokens.see']) })).status).toBe(403)
    expect((await call(latchkey, { line: 'POST /', body, ...as(['tokens.*']) })).status).toBe(201)
  })
})
