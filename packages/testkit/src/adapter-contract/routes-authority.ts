import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { AuditEntry } from '@latchkey/core'
import type { AdapterCase } from './adapter-case.js'
import { expectError, expectNoContent } from './answers.js'
import { bearer, json } from './http.js'
import { adminCase, callsWith, MOUNT, routesCase, type SceneOptions } from './scene.js'

const WRITER = ['apiTokens.read', 'apiTokens.write', 'reports.read']
const ADMIN = [...WRITER, 'apiTokens.admin']

/** Everybody is signed in as the same user. */
const SIGNED_IN: SceneOptions = { authorize: () => ({ id: 'u-7', owner: 'carol', scopes: ['*'] }) }

export const routesAuthorityCases: readonly AdapterCase[] = [
  routesCase('without the admin right, nobody gets hold of another owner\u2019s token', async (scene) => {
    const writer = callsWith(scene, bearer(await scene.issue({ owner: 'mallory', scopes: WRITER })))
    const target = await scene.issue({ owner: 'victor', scopes: ['reports.read'], expiresAt: scene.now() + 60_000 })
    const off = await scene.issue({ owner: 'victor', scopes: ['reports.read'], enabled: false })
    const rotating = await scene.issue({ owner: 'victor', scopes: ['reports.read'] })
    await scene.latchkey.rotate(rotating.id, { previousExpiresAt: 'now+1h' })
    await scene.unchanged(async () => {
      for (const [method, path, body, place] of [
        ['POST', '', { name: 'n', scopes: ['reports.read'], owner: 'victor' }, 'owner'],
        ['POST', `/${target.id}/rotate`, {}, 'owner'],
        [
          'POST',
          `/${target.id}/rotate`,
          { previousSecretExpirationDate: new Date(scene.now() + 30_000).toISOString() },
          'owner',
        ],
        ['POST', `/${rotating.id}/rotate/cancel`, {}, 'owner'],
        ['PUT', `/${off.id}`, { enabled: true }, 'owner'],
        ['PUT', `/${target.id}`, { scopes: ['reports.read', 'apiTokens.read'] }, 'owner'],
        ['PUT', `/${target.id}`, { expirationDate: 'now+1h' }, 'owner'],
        ['PUT', `/${target.id}`, { additionalMetadata: { tenant: 'mallory' } }, 'additionalMetadata'],
        ['PUT', '/self', { additionalMetadata: { tenant: 'victor' } }, 'additionalMetadata'],
        ['POST', '', { name: 'n', scopes: ['reports.read'], additionalMetadata: {} }, 'additionalMetadata'],
      ] as const) {
        expectError(await writer(method, path, body), 403, [place])
      }
    })
  }),
  routesCase('the right to write renames, narrows, disables, finishes and deletes any token', async (scene) => {
    const writer = callsWith(scene, bearer(await scene.issue({ owner: 'mallory', scopes: WRITER })))
    const { id } = await scene.issue({ owner: 'victor', scopes: ['reports.read', 'logs.read'] })
    await scene.latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    expectNoContent(await writer('PUT', `/${id}`, { name: 'renamed', scopes: ['reports.read'] }))
    expectNoContent(await writer('PUT', `/${id}`, { expirationDate: 'now+1h' }))
    expectNoContent(await writer('POST', `/${id}/rotate/finish`))
    expectNoContent(await writer('PUT', `/${id}`, { enabled: false }))
    expectNoContent(await writer('DELETE', `/${id}`))
  }),
  routesCase('the admin right acts for other owners, within every other dimension', async (scene) => {
    const admin = callsWith(scene, bearer(await scene.issue({ owner: 'root', scopes: ADMIN })))
    const asked = { name: 'n', owner: 'victor', additionalMetadata: { tenant: 'v' } }
    const created = await admin('POST', '', { ...asked, scopes: ['reports.read'] })
    assert.equal(created.status, 201)
    const { id } = json(created) as { id: string }
    assert.equal((await admin('POST', `/${id}/rotate`, { previousSecretExpirationDate: 'now+1h' })).status, 200)
    expectNoContent(await admin('POST', `/${id}/rotate/cancel`))
    expectNoContent(await admin('PUT', `/${id}`, { enabled: false, additionalMetadata: { tenant: 'w' } }))
    expectNoContent(await admin('PUT', `/${id}`, { enabled: true }))
    expectError(await admin('POST', '', { ...asked, scopes: ['logs.read'] }), 403, ['scopes[0]'])
  }),

  adminCase('an expiry is changed by an update, or refused with the reason', async (scene, call) => {
    const { id } = await scene.issue({ expiresAt: scene.now() + 60_000 })
    const shown = async () => (json(await call('GET', `/${id}`)) as { expirationDate: string }).expirationDate
    const later = new Date(scene.now() + 3_600_000).toISOString()
    expectNoContent(await call('PUT', `/${id}`, { expirationDate: later }))
    assert.equal(await shown(), later)
    expectError(await call('PUT', `/${id}`, { expirationDate: 'now-1d' }), 400, ['expirationDate'])
    scene.wait(3_600_000)
    expectNoContent(await call('PUT', `/${id}`, { name: 'dead', expirationDate: later }))
    expectError(await call('PUT', `/${id}`, { expirationDate: 'now+1h' }), 400)
    assert.equal(await shown(), later)
  }),
  adminCase('an overlap is at most maxOverlap', { latchkey: { maxOverlap: 3_600_000 } }, async (_scene, call) => {
    const tooLong = { previousSecretExpirationDate: 'now+61m' }
    expectError(await call('POST', '/self/rotate', tooLong), 400, ['previousSecretExpirationDate'])
    assert.equal((await call('POST', '/self/rotate', { previousSecretExpirationDate: 'now+1h' })).status, 200)
  }),

  routesCase('a page of another site changes nothing as the signed-in user', SIGNED_IN, async (scene) => {
    const { id } = await scene.issue({ owner: 'carol' })
    for (const headers of [
      ['Sec-Fetch-Site', 'cross-site'],
      ['Sec-Fetch-Site', 'same-site'],
      ['Sec-Fetch-Site', ''],
      ['Origin', 'https://evil.example'],
      ['Origin', 'null'],
      ['Sec-Fetch-Site', 'cross-site', 'Origin', `http://127.0.0.1`],
    ]) {
      const call = callsWith(scene, headers)
      await scene.unchanged(async () => {
        expectError(await call('POST', `/${id}/rotate`), 403)
        expectError(await call('DELETE', `/${id}`), 403)
        expectError(await call('PUT', `/${id}`, { enabled: false }), 403)
      })
      assert.equal((await call('GET', `/${id}`)).status, 200)
    }
    for (const headers of [[], ['Sec-Fetch-Site', 'same-origin'], ['Sec-Fetch-Site', 'none']]) {
      assert.equal((await callsWith(scene, headers)('POST', `/${id}/rotate`)).status, 200)
    }
  }),
  routesCase('a token is not bound by where a page comes from', async (scene) => {
    const issued = await scene.issue()
    const call = callsWith(scene, [...bearer(issued), 'Sec-Fetch-Site', 'cross-site', 'Origin', 'https://evil.example'])
    assert.equal((await call('POST', '/self/rotate')).status, 200)
  }),
  routesCase(
    'a trusted origin may change tokens',
    { ...SIGNED_IN, csrf: { trustedOrigins: ['https://admin.example'] } },
    async (scene) => {
      const { id } = await scene.issue({ owner: 'carol' })
      const from = (origin: string) => callsWith(scene, ['Sec-Fetch-Site', 'cross-site', 'Origin', origin])
      assert.equal((await from('https://admin.example')('POST', `/${id}/rotate`)).status, 200)
      assert.equal((await from('https://admin.example.evil')('POST', `/${id}/rotate`)).status, 403)
    },
  ),

  routesCase('every write is told with its actor, a refused one with what was exceeded', SIGNED_IN, async (scene) => {
    const victim = await scene.issue({ owner: 'victor' })
    const entries = await auditOf(async () => {
      const call = callsWith(scene, [])
      const created = json(await call('POST', '', { name: 'mine', scopes: ['reports.read'] })) as { id: string }
      await call('PUT', `/${created.id}`, { name: 'renamed' })
      await call('DELETE', `/${created.id}`)
      await callsWith(scene, ['Sec-Fetch-Site', 'cross-site'])('POST', `/${victim.id}/rotate`)
    })
    const actor = { kind: 'user', id: 'u-7', owner: 'carol' }
    assert.deepEqual(
      entries.map(({ action, outcome, code, changes }) => [action, outcome, code, changes?.name]),
      [
        ['create', 'done', undefined, { to: 'mine' }],
        ['update', 'done', undefined, { from: 'mine', to: 'renamed' }],
        ['delete', 'done', undefined, undefined],
        ['rotate', 'refused', 'ERR_CROSS_SITE', undefined],
      ],
    )
    for (const entry of entries) assert.deepEqual([entry.actor, entry.ip], [actor, '127.0.0.1'])
    assert.equal(entries[3]?.token?.id, victim.id)
  }),
  routesCase('a refused escalation is told with its dimensions', async (scene) => {
    const issued = await scene.issue({ owner: 'mallory', scopes: WRITER })
    const writer = callsWith(scene, bearer(issued))
    const victim = await scene.issue({ owner: 'victor', name: 'v', scopes: ['logs.read'] })
    const reader = callsWith(scene, bearer(await scene.issue()))
    const [rotated, created] = await auditOf(async () => {
      await writer('POST', `/${victim.id}/rotate`)
      await reader('POST', '', { name: 'n', scopes: ['a'] })
    })
    assert.deepEqual(rotated?.actor, { kind: 'token', id: issued.id, owner: 'mallory' })
    assert.deepEqual(rotated?.token, { id: victim.id, owner: 'victor', name: 'v' })
    assert.deepEqual(
      rotated?.violations?.map(({ dimension }) => dimension),
      ['owner', 'scopes'],
    )
    assert.deepEqual([created?.action, created?.outcome, created?.code], ['create', 'refused', 'ERR_NOT_ALLOWED'])
  }),
  routesCase(
    'nothing is written that the audit does not take',
    {
      latchkey: {
        onAudit: ({ outcome }) => (outcome === 'begun' ? Promise.reject(new Error('disk full')) : undefined),
      },
      authorize: () => ({ owner: 'carol', scopes: ['*'] }),
    },
    async (scene) => {
      await scene.unchanged(async () => {
        expectError(await callsWith(scene, [])('POST', '', { name: 'n', scopes: ['a'] }), 503)
      })
    },
  ),

  routesCase('a request is told as verified once, however often its token is judged', async (scene) => {
    const issued = await scene.issue({ scopes: [...WRITER, 'logs.read'] })
    let verified = 0
    const count = () => {
      verified++
    }
    subscribe('latchkey:verified', count)
    try {
      assert.equal((await scene.get('/twice-and-more', issued)).status, 200)
      assert.equal(verified, 1)
      assert.equal(
        (await callsWith(scene, bearer(issued))('POST', '', { name: 'n', scopes: ['logs.read'] })).status,
        201,
      )
      assert.equal(verified, 2)
    } finally {
      unsubscribe('latchkey:verified', count)
    }
  }),
  routesCase('no credential and a repeated one are told as denied', async (scene) => {
    const reasons: unknown[] = []
    const note = (message: unknown) => reasons.push((message as { reason: string }).reason)
    subscribe('latchkey:denied', note)
    try {
      for (const path of ['/any', MOUNT]) {
        await scene.send({ path })
        await scene.send({ path, headers: ['X-API-Key', 'a', 'Authorization', 'Bearer b'] })
      }
    } finally {
      unsubscribe('latchkey:denied', note)
    }
    assert.deepEqual(reasons, ['no_credential', 'invalid_request', 'no_credential', 'invalid_request'])
  }),
  adminCase('an owner has at most maxTokensPerOwner', { latchkey: { maxTokensPerOwner: 2 } }, async (scene, call) => {
    assert.equal((await call('POST', '', { name: 'n', scopes: ['a'] })).status, 201)
    await scene.unchanged(async () => {
      expectError(await call('POST', '', { name: 'n', scopes: ['a'] }), 403)
    })
  }),
  adminCase('the description is not there if the host does not want it', { describe: false }, async (_scene, call) => {
    expectError(await call('GET', '/openapi.json'), 404)
  }),
]

/** What the audit tells while something runs. */
async function auditOf(run: () => Promise<void>): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = []
  const note = (message: unknown) => void entries.push(message as AuditEntry)
  subscribe('latchkey:audit', note)
  try {
    await run()
  } finally {
    unsubscribe('latchkey:audit', note)
  }
  return entries
}
