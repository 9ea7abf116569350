import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { ForeignFormat } from '@latchkey/core'
import type { AdapterCase } from './adapter-case.js'
import { expectLetIn, expectNoContent, expectRefusal, INVALID_TOKEN } from './answers.js'
import { apiKey, apiToken, bearer, json } from './http.js'
import { callsWith, guardCase, routesCase, type Scene, type SceneOptions } from './scene.js'

const FORMAT: ForeignFormat = { name: 'legacy', match: /^legacy\|[a-z0-9]{8}$/ }
const KEY = 'legacy|abcd1234'
const FOREIGN: SceneOptions = { latchkey: { foreign: [FORMAT] }, dialect: 'latchkey' }

async function importKey({ latchkey }: Scene, scopes = ['reports.read']): Promise<string> {
  const sha256 = createHash('sha256').update(KEY).digest('hex')
  await latchkey.importTokens([{ name: 'old', owner: 'alice', scopes, sha256 }])
  return (await latchkey.lookup(KEY)).id
}

/** Keys of another system that were imported. */
export const guardForeignCases: readonly AdapterCase[] = [
  guardCase(
    'a foreign key that was imported is let in from every header, until it is revoked',
    FOREIGN,
    async (scene) => {
      const presented = { token: KEY }
      for (const headers of [bearer(presented), apiToken(presented), apiKey(presented)]) {
        expectRefusal(await scene.send({ path: '/reports', headers }), INVALID_TOKEN)
      }
      const id = await importKey(scene)
      for (const headers of [bearer(presented), apiToken(presented), apiKey(presented)]) {
        expectLetIn(await scene.send({ path: '/reports', headers }), { id })
      }
      for (const text of [`${KEY}5`, KEY.slice(0, -1), 'x'.repeat(8_000)]) {
        expectRefusal(await scene.get('/reports', { token: text }), INVALID_TOKEN)
      }
      await scene.latchkey.revoke(KEY)
      expectRefusal(await scene.get('/reports', presented), INVALID_TOKEN)
    },
  ),

  routesCase(
    'a foreign key reads and rotates itself, by its id too, and its end is that of any key',
    FOREIGN,
    async (scene) => {
      const id = await importKey(scene)
      const call = callsWith(scene, bearer({ token: KEY }))
      for (const path of ['/self', `/${id}`]) {
        const { status, ...reply } = await call('GET', path)
        assert.deepEqual([status, json<{ format: string }>({ status, ...reply }).format], [200, 'legacy'])
      }
      // The whole key in a path names nothing.
      assert.equal((await call('DELETE', `/${encodeURIComponent(KEY)}`)).status, 403)
      const rotated = await call('POST', `/${id}/rotate`, { previousExpiresAt: 'now+1h' })
      const { token, format } = json<{ token: string; format?: string }>(rotated)
      assert.deepEqual([rotated.status, format], [200, undefined])
      expectLetIn(await scene.get('/reports', { token }), { id })
      expectLetIn(await scene.get('/reports', { token: KEY }), { id })
      expectNoContent(await callsWith(scene, bearer({ token }))('POST', '/revoke', { token: KEY }))
      expectRefusal(await scene.get('/reports', { token: KEY }), INVALID_TOKEN)
      expectLetIn(await scene.get('/reports', { token }), { id })
    },
  ),

  routesCase('a whole foreign key in a path deletes nothing', FOREIGN, async (scene) => {
    const id = await importKey(scene, ['apiTokens.write'])
    const call = callsWith(scene, bearer({ token: KEY }))
    await scene.unchanged(async () => {
      assert.equal((await call('DELETE', `/${encodeURIComponent(KEY)}`)).status, 404)
      assert.equal((await call('DELETE', `/${id}`)).status, 400)
    })
  }),

  routesCase(
    'nor its own, where whole tokens are taken from paths',
    { ...FOREIGN, secretInPath: true },
    async (scene) => {
      await importKey(scene, ['apiTokens.write'])
      const path = `/${encodeURIComponent(KEY)}`
      await scene.unchanged(async () => {
        assert.equal((await callsWith(scene, bearer({ token: KEY }))('DELETE', path)).status, 400)
      })
      const admin = await scene.issue({ scopes: ['*'] })
      expectNoContent(await callsWith(scene, bearer(admin))('DELETE', path))
      expectRefusal(await scene.get('/reports', { token: KEY }), INVALID_TOKEN)
    },
  ),
]
