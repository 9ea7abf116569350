import assert from 'node:assert/strict'
import { createLatchkey, memoryData, memoryStore } from '@latchkey/core'
import { testHasher } from '../fixtures.js'
import type { AdapterCase } from './adapter-case.js'
import { essenceOf, expectLetIn, expectRefusal, INVALID_TOKEN } from './answers.js'
import { BEGIN, guardCase, type Scene } from './scene.js'

/** Tokens that must be refused, each for another reason. */
async function refusedTokens(scene: Scene): Promise<Record<string, string>> {
  const good = (await scene.issue()).token
  const last = good.endsWith('A') ? 'B' : 'A'
  const dead = await scene.issue()
  await scene.latchkey.rotate(dead.id)
  const disabled = await scene.issue({ enabled: false })
  const expired = await scene.issue({ expiresAt: scene.now() + 1 })
  scene.wait(1)
  return {
    'not of our form': 'nonsense',
    'as long as a token': 'x'.repeat(good.length),
    'a foreign prefix': await tokenOf('other'),
    'a bad checksum': good.slice(0, -1) + last,
    'letters in lower case': good.toLowerCase(),
    'of another store': await tokenOf('acme'),
    'of another environment': await tokenOf('acme', scene),
    'a secret that was rotated away': dead.token,
    'a secret that it never had': await neverItsSecret(scene),
    disabled: disabled.token,
    expired: expired.token,
    'of an unknown owner': (await scene.issue({ owner: 'nobody', personal: true })).token,
  }
}

async function tokenOf(prefix: string, scene?: Scene): Promise<string> {
  const store = memoryStore(scene?.data)
  const elsewhere = createLatchkey({ prefix, store, environment: 'elsewhere', hasher: testHasher, now: () => BEGIN })
  const { token } = await elsewhere.create({ name: 'elsewhere', owner: 'alice', scopes: ['reports.read'] })
  await elsewhere.close()
  return token
}

/** A known id with a well-formed secret of a copy of that token in another store. */
async function neverItsSecret(scene: Scene): Promise<string> {
  const { id } = await scene.issue()
  const record = (await scene.records()).find((candidate) => candidate.id === id)
  assert.ok(record)
  const data = memoryData()
  await (await memoryStore(data).open('default')).insert(record)
  const copy = createLatchkey({ prefix: 'acme', store: memoryStore(data), hasher: testHasher, now: scene.now })
  const { token } = await copy.rotate(id)
  await copy.close()
  return token
}

const ownerScopes = async (owner: string) => (owner === 'nobody' ? undefined : ['*'])

export const guardUniformCases: readonly AdapterCase[] = [
  guardCase(
    'all causes of a 401 get the same answer byte for byte, uncached and cached, and count no use',
    { latchkey: { ownerScopes } },
    async (scene) => {
      const tokens = await refusedTokens(scene)
      const first = await scene.get('/reports', { token: 'x' })
      expectRefusal(first, INVALID_TOKEN)
      for (const round of ['first', 'cached']) {
        for (const [cause, token] of Object.entries(tokens)) {
          const reply = await scene.get('/reports', { token })
          assert.deepEqual(essenceOf(reply), essenceOf(first), `${cause}, ${round}`)
        }
      }
      assert.deepEqual(scene.handled, [])
      await scene.unchanged(() => scene.latchkey.flush())
      assert.equal(scene.latchkey.stats().verified, 0)
    },
  ),
  guardCase('management routes refuse all causes of a 401 alike', { latchkey: { ownerScopes } }, async (scene) => {
    const tokens = await refusedTokens(scene)
    const first = await scene.get('/api/v2/apiTokens', { token: 'x' })
    expectRefusal(first, INVALID_TOKEN)
    await scene.unchanged(async () => {
      for (const [cause, token] of Object.entries(tokens)) {
        const reply = await scene.get('/api/v2/apiTokens', { token })
        assert.deepEqual(essenceOf(reply), essenceOf(first), cause)
      }
    })
  }),
  guardCase('an expired token that also lacks the scope is a 401', async (scene) => {
    const issued = await scene.issue({ scopes: ['logs.read'], expiresAt: scene.now() + 1, networks: ['192.0.2.0/24'] })
    scene.wait(1)
    expectRefusal(await scene.get('/reports', issued), INVALID_TOKEN)
  }),
  guardCase('a wrong secret of a cached token is refused', async (scene) => {
    const old = await scene.issue()
    const current = await scene.latchkey.rotate(old.id)
    expectLetIn(await scene.get('/reports', current), current)
    expectRefusal(await scene.get('/reports', old), INVALID_TOKEN)
    expectLetIn(await scene.get('/reports', current), current)
  }),
]
