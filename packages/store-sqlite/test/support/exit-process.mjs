// Ends by `process.exit` some ms after its storage thread began to prepare many statements: node exit-process.mjs <path> <ms>
import { sqliteStore } from '../../dist/index.js'

const [path, delay] = process.argv.slice(2)
const environment = await sqliteStore({ path }).open('default')
await environment.insert({
  id: `lk.${'A'.repeat(24)}`,
  name: 'Nightly report',
  owner: 'alice',
  personal: false,
  enabled: true,
  scopes: ['reports.read'],
  networks: [],
  resources: [],
  version: 1,
  createdAt: 0,
  secrets: [{ gen: 1, hash: '$argon2id$', tag: '00000000' }],
  retired: [],
})
for (const by of ['name', 'createdAt', 'expiresAt', 'modifiedAt', 'lastUsedAt']) {
  for (const direction of ['asc', 'desc']) {
    for (const filter of [{}, { owner: 'alice' }, { personal: false }, { owner: 'alice', personal: false }]) {
      environment.list({ filter, sort: { by, direction }, limit: 1, count: true }).catch(() => {})
    }
  }
}
setTimeout(() => process.exit(0), Number(delay))
