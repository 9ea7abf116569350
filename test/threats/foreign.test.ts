// Keys of other systems: what their holders may do, and what a stranger who knows a part of one cannot.
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { apiKey } from '@better-auth/api-key'
import { createLatchkey, type ForeignFormat, type ImportRow, memoryData, memoryStore } from '@latchkey/core'
import { testHasher } from '@latchkey/testkit'
import { hash as bcrypt } from '@node-rs/bcrypt'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { generateAPIKey } from 'prefixed-api-key'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FRAMEWORKS, scene } from './scene.js'

const BETTER_AUTH: ForeignFormat = { name: 'better-auth', match: /^[A-Za-z]{64}$/ }
const PREFIXED: ForeignFormat = {
  name: 'prefixed-api-key',
  match: /^mycompany_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}$/,
  digest: (text) => createHash('sha256').update(text.slice(-24)).digest('hex'),
  id: (text) => text.split('_')[1] ?? '',
}
const OWN: ForeignFormat = { name: 'own', match: /^key_[0-9]+_[a-z0-9]+$/, id: (text) => text.split('_')[1] ?? '' }
const FOREIGN = [BETTER_AUTH, PREFIXED, OWN]

const row = (members: Partial<ImportRow>): ImportRow => ({
  ...{ name: 'report', owner: 'alice', scopes: ['reports.read'] },
  ...members,
})

/** A key made by the plugin of better-auth, and the row that it stores. */
async function betterAuthKey() {
  const tables = { user: [], session: [], account: [], verification: [], apikey: [] as { key: string }[] }
  const auth = betterAuth({
    ...{
      baseURL: 'http://127.0.0.1',
      secret: 'x'.repeat(32),
      logger: { disabled: true },
      telemetry: { enabled: false },
    },
    database: memoryAdapter(tables),
    emailAndPassword: { enabled: true },
    plugins: [apiKey()],
  })
  const { user } = await auth.api.signUpEmail({ body: { email: 'a@example.com', name: 'a', password: 'p'.repeat(20) } })
  const { key } = await auth.api.createApiKey({ body: { userId: user.id, name: 'report' } })
  return { key, row: row({ format: 'better-auth', sha256: tables.apikey[0]?.key }) }
}

/** A key made by prefixed-api-key, and what its readme says to store. */
async function prefixedKey() {
  const { token = '', shortToken, longTokenHash } = await generateAPIKey({ keyPrefix: 'mycompany' })
  return { key: token, row: row({ format: 'prefixed-api-key', id: shortToken, sha256: longTokenHash }) }
}

/** How many bcrypt proofs run at once, at most, until the test ends. Each runs as it does without this. */
function countBcrypt(): { readonly most: number } {
  // The module that core loads. An import of it cannot be changed.
  const peer = createRequire(import.meta.url)('@node-rs/bcrypt') as { verify(...args: unknown[]): Promise<boolean> }
  const { verify } = peer
  const count = { running: 0, most: 0 }
  peer.verify = async (...args) => {
    count.most = Math.max(count.most, ++count.running)
    return verify(...args).finally(() => count.running--)
  }
  onTestFinished(() => {
    peer.verify = verify
  })
  return count
}

describe.each(FRAMEWORKS)('on %s', (framework) => {
  test.each([
    ['better-auth', betterAuthKey],
    ['prefixed-api-key', prefixedKey],
  ])('49 a key of %s obeys the rules of a token, on every node, until it is rotated into one', async (name, make) => {
    const data = memoryData()
    const environment = 'foreign'
    const { latchkey, call } = await scene(
      framework,
      { foreign: FOREIGN, store: memoryStore(data), environment },
      { scopes: ['reports.read', 'logs.read'] },
    )
    const other = createLatchkey({
      prefix: 'acme',
      hasher: testHasher,
      foreign: FOREIGN,
      store: memoryStore(data),
      environment,
    })
    const { key, row: imported } = await make()
    const status = async (token: string, path = '/reports.read') => (await call('GET', path, token)).status
    expect(await status(key)).toBe(401)
    expect(await latchkey.importTokens([imported])).toMatchObject({ imported: 1, rejected: [] })
    expect([await status(key), await status(key, '/logs.read')]).toEqual([200, 403])
    expect((await other.verify(key)).ok).toBe(true)
    const { id, format } = await latchkey.lookup(key)
    expect(format).toBe(name)
    const rotated = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    expect([await status(key), await status(rotated.token)]).toEqual([200, 200])
    await latchkey.finishRotation(id)
    expect([await status(key), await status(rotated.token)]).toEqual([401, 200])
    expect([(await other.verify(key)).ok, (await other.verify(rotated.token)).ok]).toEqual([false, true])
    await latchkey.delete(id)
    expect([await status(rotated.token), (await other.verify(rotated.token)).ok]).toEqual([401, false])
    await other.close()
  })

  test('50 a stranger who knows the name of a foreign key causes one slow hash at a time, and no repeat', async () => {
    const { latchkey, call, issue } = await scene(framework, { foreign: FOREIGN })
    const good = await issue()
    const hash = await bcrypt('key_1_s3cret', 10)
    await latchkey.importTokens(['1', '2'].map((id) => row({ format: 'own', id, hash })))
    const bcryptProofs = countBcrypt()
    const guess = (i: number, id = 1) => call('GET', '/reports.read', `key_${id}_guess${i}`)
    const others = Array.from({ length: 4 }, (_, i) => guess(i, 2))
    const guesses = Array.from({ length: 100 }, (_, i) => guess(i))
    expect((await call('GET', '/reports.read', good.token)).status).toBe(200)
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([401, 503]))
    await Promise.all(others)
    const { done } = latchkey.stats().proofs
    expect(done).toBeLessThan(20)
    // Guesses of two keys waited, and still there was one at a time.
    expect(bcryptProofs.most).toBe(1)
    for (let i = 0; i < 100; i++) if (statuses[i] === 401) expect((await guess(i)).status).toBe(401)
    expect(latchkey.stats().proofs.done).toBe(done)
    // Once its holder has used it, a guess costs nothing.
    expect((await call('GET', '/reports.read', 'key_1_s3cret')).status).toBe(200)
    await latchkey.flush()
    const after = latchkey.stats().proofs.done
    for (let i = 100; i < 200; i++) expect((await guess(i)).status).toBe(401)
    expect(latchkey.stats().proofs.done).toBe(after)
  })

  test('51 a text of any length is refused before a pattern of the host sees it', async () => {
    let matched = 0
    const id = () => String(matched++)
    const { call, issue, latchkey } = await scene(framework, { foreign: [{ name: 'any', match: /^a+$/, id }] })
    const admin = await issue({ scopes: ['*'] })
    expect((await call('GET', '/reports.read', 'a'.repeat(12_000))).status).toBe(401)
    const body = { token: 'a'.repeat(60_000) }
    expect((await call('POST', '/tokens/lookup', admin.token, { body })).status).toBe(404)
    await expect(latchkey.lookup(body.token)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    expect(matched).toBe(0)
    expect((await call('GET', '/reports.read', 'a'.repeat(500))).status).toBe(401)
    expect(matched).toBe(1)
  })
})
