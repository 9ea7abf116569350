// A record that was damaged in the store fails nothing but itself.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { memoryStore, type TokenStore } from '@latchkey/core'
import { sqliteStore } from '@latchkey/store-sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { scene } from './scene.js'

function sqlite(): TokenStore {
  const folder = mkdtempSync(`${tmpdir()}/latchkey-`)
  const store = sqliteStore({ path: `${folder}/tokens.db` })
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })
  return store
}

test.each([
  ['memory', memoryStore],
  ['SQLite', sqlite],
])('42 a damaged record is passed over, named, and can be deleted: %s', async (_name, open) => {
  const { latchkey, call, clock, issue, store } = await scene('express', { store: open() })
  const { token: admin, id: own } = await issue({ scopes: ['apiTokens.*', 'reports.read'] })
  const [damaged, sound] = [await issue({ expiresAt: 'now+1h' }), await issue({ expiresAt: 'now+1h' })]
  for (const { token } of [damaged, sound]) expect((await call('GET', '/reports.read', token)).status).toBe(200)
  const environment = await store.open(latchkey.environment)
  // No Date can hold it.
  await environment.update(damaged.id, { rotatedAt: 9e15 }, 1)

  const messages: string[] = []
  const listener = (message: unknown) => void messages.push((message as { error: Error }).error.message)
  subscribe('latchkey:store-error', listener)
  onTestFinished(() => void unsubscribe('latchkey:store-error', listener))
  const listed = await call('GET', '/tokens?pageSize=100', admin)
  expect(listed.status).toBe(200)
  const shown = listed.json<{ apiTokens: { id: string }[] }>().apiTokens.map(({ id }) => id)
  expect(new Set(shown)).toEqual(new Set([own, sound.id]))
  const [, publicPart = ''] = damaged.id.split('.')
  expect(messages).toEqual([expect.stringMatching(`${publicPart} is damaged; it can be removed by its id`)])
  expect((await call('GET', `/tokens/${damaged.id}`, admin)).status).toBe(503)

  await latchkey.flush()
  expect(await latchkey.get(sound.id)).toMatchObject({ lastUsedAt: clock.at })
  clock.at += 3_600_001
  expect(await latchkey.purge(clock.at)).toBeGreaterThanOrEqual(1)
  await expect(latchkey.get(sound.id)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })

  expect((await call('DELETE', `/tokens/${damaged.id}`, admin)).status).toBeOneOf([204, 404])
  messages.length = 0
  expect((await call('GET', '/tokens?pageSize=100', admin)).status).toBe(200)
  expect(messages).toEqual([])
})
