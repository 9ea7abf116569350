import { describe, expect, test } from 'vitest'
import { createGuard } from '../../src/adapter.js'
import { memoryData } from '../../src/index.js'
import { call, member } from '../support/call.js'
import { forged, MANAGEMENT, testInstance } from '../support/instance.js'

/** Tokens of two former prefixes in one environment, of which the instance accepts `old`. */
async function stage() {
  const data = memoryData()
  const setup = testInstance({ data, prefix: 'newp', acceptPrefixes: ['old'] })
  const issued = async (prefix: string) =>
    testInstance({ data, prefix }).latchkey.create({ name: prefix, owner: 'ada', scopes: ['a', ...MANAGEMENT] })
  const [fresh, former, stranger] = [await issued('newp'), await issued('old'), await issued('older')]
  return { ...setup, fresh, former, stranger, by: fresh.token }
}

describe('a guard', () => {
  test('lets tokens of the prefix and of accepted ones in, and refuses all others like malformed ones', async () => {
    const { latchkey, fresh, former, stranger } = await stage()
    const guard = createGuard({ scopes: ['a'] })
    const statusOf = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` }
      const admission = await guard(
        latchkey,
        { headers, rawHeaders: Object.entries(headers).flat(), ip: '192.0.2.1' },
        {},
      )
      return 'response' in admission ? admission.response : 200
    }
    for (let round = 0; round < 2; round++) {
      expect(await statusOf(fresh.token)).toBe(200)
      expect(await statusOf(former.token)).toBe(200)
    }
    const refusal = await statusOf(stranger.token)
    expect(refusal).toMatchObject({ status: 401 })
    expect(refusal).toEqual(await statusOf('junk'))
    expect(await latchkey.verify(stranger.token)).toEqual(await latchkey.verify('junk'))
  })

  test('a token of a prefix that is not accepted calls no route either', async () => {
    const { latchkey, former, stranger } = await stage()
    expect((await call(latchkey, { line: 'GET /self', by: former.token })).status).toBe(200)
    for (const line of ['GET /self', `GET /${stranger.id}`, 'DELETE /self']) {
      expect((await call(latchkey, { line, by: stranger.token })).status).toBe(401)
    }
  })
})

describe('management', () => {
  test('lists, shows and changes the tokens of every prefix by their ids', async () => {
    const { latchkey, fresh, former, stranger, by } = await stage()
    const all = await call(latchkey, { line: 'GET ?sort=name', by })
    expect(all.body).toMatchObject({ totalCount: 3, apiTokens: [fresh, former, stranger].map(({ id }) => ({ id })) })
    for (const { id } of [former, stranger]) {
      expect((await call(latchkey, { line: `GET /${id}`, by })).body).toMatchObject({ id })
      expect((await call(latchkey, { line: `PUT /${id}`, body: { name: 'renamed' }, by })).status).toBe(204)
      expect(await latchkey.get(id)).toMatchObject({ id, name: 'renamed' })
      expect((await call(latchkey, { line: `DELETE /${id}`, by })).status).toBe(204)
      expect((await call(latchkey, { line: `GET /${id}`, by })).status).toBe(404)
    }
  })

  test('a rotated token keeps its id and its prefix', async () => {
    const { latchkey, former, by } = await stage()
    const answer = await call(latchkey, { line: 'POST /self/rotate', by: former.token })
    expect(answer).toMatchObject({ status: 200, body: { id: former.id } })
    expect(member(answer, 'token').startsWith(`${former.id}.`)).toBe(true)
    expect((await latchkey.verify(member(answer, 'token'))).ok).toBe(true)
    expect((await latchkey.verify(former.token)).ok).toBe(false)
    expect((await call(latchkey, { line: `GET /${former.id}`, by })).status).toBe(200)
  })

  test('lookup finds the tokens of every prefix', async () => {
    const { latchkey, former, stranger, by } = await stage()
    for (const { id, token } of [former, stranger]) {
      expect((await call(latchkey, { line: 'POST /lookup', body: { token }, by })).body).toMatchObject({ id })
      expect((await call(latchkey, { line: 'POST /lookup', body: { token: forged(token) }, by })).status).toBe(404)
    }
  })

  test('after a 204 of revoke the secret is dead, whatever its prefix, also where that is accepted', async () => {
    const { latchkey, data, former, stranger, by } = await stage()
    for (const { id, token } of [former, stranger]) {
      const there = testInstance({ data, prefix: id.slice(0, id.indexOf('.')) }).latchkey
      expect((await there.verify(token)).ok).toBe(true)
      expect((await call(latchkey, { line: 'POST /revoke', body: { token: forged(token) }, by })).status).toBe(204)
      expect((await latchkey.get(id)).id).toBe(id)
      expect((await call(latchkey, { line: 'POST /revoke', body: { token }, by })).status).toBe(204)
      expect(await there.verify(token)).toMatchObject({ ok: false })
      await expect(latchkey.get(id)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    }
  })

  test('revoke ends the outgoing secret of a former prefix alone', async () => {
    const { latchkey, former, by } = await stage()
    const rotated = await latchkey.rotate(former.id, { previousExpiresAt: 'now+1h' })
    expect((await call(latchkey, { line: 'POST /revoke', body: { token: former.token }, by })).status).toBe(204)
    expect((await latchkey.verify(former.token)).ok).toBe(false)
    expect((await latchkey.verify(rotated.token)).ok).toBe(true)
  })

  test('a whole token of any prefix can be deleted in process', async () => {
    const { latchkey, stranger } = await stage()
    await latchkey.delete(stranger.token)
    await expect(latchkey.get(stranger.id)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  })
})

test('explain says that a prefix is not accepted, by token and by id, and goes on', async () => {
  const { latchkey, former, stranger } = await stage()
  expect((await latchkey.explain({ token: former.token })).allowed).toBe(true)
  for (const request of [{ token: stranger.token }, { id: stranger.id }]) {
    const { allowed, checks } = await latchkey.explain(request)
    expect(allowed).toBe(false)
    expect(checks.filter(({ passed }) => !passed)).toEqual([
      { check: 'format', passed: false, detail: `${stranger.id} has a prefix that is not accepted here.` },
    ])
    expect(checks.map(({ check }) => check)).toContain('enabled')
  }
})
