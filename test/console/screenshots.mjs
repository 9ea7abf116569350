// Draws the pictures of docs/images: node test/console/screenshots.mjs. Look at each before you commit it.
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tokenConsole } from '@latchkey/console'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import { chromiumBinary } from '@latchkey/test-servers'
import { seededRandom, storedSecret, testHasher, tokenId, tokenRecord } from '@latchkey/testkit'
import express from 'express'
import { chromium } from 'playwright-core'

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../docs/images')
mkdirSync(folder, { recursive: true })

const HOUR = 3_600_000
const DAY = 24 * HOUR
const now = Date.now()
const random = seededRandom(7)

const SCOPES = {
  'reports.read': 'Read reports',
  'reports.write': 'Create and change reports',
  'metrics.read': 'Read metrics',
  'metrics.ingest': 'Send metrics',
  'logs.read': 'Read logs',
  'logs.ingest': 'Send logs',
  'builds.read': 'Read builds',
  'builds.start': 'Start builds',
}

/** Name, owner, scopes, and what else is worth seeing. Newest first. */
const TOKENS = [
  [
    'Nightly report',
    'ada',
    ['reports.read', 'metrics.read'],
    { lastUsedAt: now - 3 * 60_000, lastUsedIp: '203.0.113.24' },
  ],
  ['Build server', 'ada', ['builds.read', 'builds.start', 'logs.ingest', 'metrics.ingest'], { rotating: true }],
  ['Grafana', 'grace', ['metrics.read'], { lastUsedAt: now - 40 * 60_000, expiresAt: now + 6 * DAY + HOUR }],
  ['Log shipper', 'operations', ['logs.ingest'], { lastUsedAt: now - 20_000, networks: ['10.20.0.0/16'] }],
  ['Laptop', 'grace', ['reports.read'], { personal: true, lastUsedAt: now - 5 * HOUR, expiresAt: now + 23 * DAY }],
  ['Migration 2025', 'operations', ['reports.*'], { enabled: false, lastUsedAt: now - 120 * DAY }],
  [
    'Customer export',
    'linus',
    ['reports.read', 'reports.write'],
    { resources: ['project:1'], expiresAt: now + 80 * DAY },
  ],
  ['Old dashboard', 'linus', ['metrics.read'], { lastUsedAt: now - 31 * DAY, expiresAt: now - 2 * DAY }],
]

const store = memoryStore()
const environment = await store.open('default')
for (const [index, [name, owner, scopes, { rotating, ...more }]] of TOKENS.entries()) {
  const createdAt = now - (index * 9 + 4) * DAY
  const rotation = rotating && {
    secrets: [storedSecret({ gen: 2 }), storedSecret({ until: now + 20 * HOUR, lastUsedAt: now - 2 * DAY })],
    ...{
      rotatedAt: now - 4 * HOUR,
      lastUsedAt: now - 2 * 60_000,
      lastUsedIp: '198.51.100.7',
      expiresAt: now + 60 * DAY,
    },
    ...{ networks: ['198.51.100.0/24'], createdBy: { kind: 'user', id: 'ada', owner: 'ada' } },
  }
  const id = tokenId('acme', random)
  await environment.insert(tokenRecord({ id, name, owner, scopes, createdAt, ...more, ...rotation }))
}

const latchkey = createLatchkey({ prefix: 'acme', store, hasher: testHasher, scopes: SCOPES, maxLifetime: 365 * DAY })
const admin = await latchkey.create({ name: 'Console', owner: 'ada', scopes: ['*'] })
const app = express()
const { tokenRoutes } = latchkeyExpress(latchkey)
const page = tokenConsole({ tokenLink: true })
app.use('/account/tokens', tokenRoutes({ dialect: 'latchkey', console: page, resources: true }))
const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
const link = `http://127.0.0.1:${server.address().port}/account/tokens/console/#token=${admin.token}`

const browser = await chromium.launch({ executablePath: chromiumBinary(), args: ['--no-sandbox'] })
try {
  await draw('list', {}, async () => {})
  await draw('creation', { height: 900 }, fillCreation)
  await draw('secret', { height: 760 }, async (window) => {
    await fillCreation(window)
    await window.getByRole('button', { name: 'Create', exact: true }).click()
    await window.getByRole('dialog', { name: 'Token created' }).waitFor()
  })
  await draw('rotation', { width: 1360 }, (window) => show(window, 'Build server'))
  await draw('details', { width: 1360 }, (window) => show(window, 'Nightly report'))
  await draw('phone', { width: 360, height: 780, deviceScaleFactor: 2 }, async () => {})
  await draw('dark', { colorScheme: 'dark' }, (window) => show(window, 'Build server'))
} finally {
  await browser.close()
  server.close()
}

async function fillCreation(window) {
  await window.getByRole('button', { name: 'Create token' }).click()
  await window.getByRole('textbox', { name: 'Name' }).fill('Weekly summary')
  await window.getByRole('checkbox', { name: 'reports.read' }).check()
  await window.getByRole('textbox', { name: 'Allowed networks' }).fill('203.0.113.0/24')
}

async function show(window, name) {
  await window.getByRole('button', { name, exact: true }).click()
  await window.getByRole('region', { name, exact: true }).getByText('Created').waitFor()
}

async function draw(name, { width = 1280, height = 860, deviceScaleFactor = 1, colorScheme = 'light' }, prepare) {
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor, colorScheme })
  const window = await context.newPage()
  await window.goto(link)
  await window.getByRole('button', { name: 'Nightly report' }).waitFor()
  await prepare(window)
  await window.screenshot({ path: join(folder, `${name}.png`) })
  await context.close()
  console.log(`docs/images/${name}.png`)
}
