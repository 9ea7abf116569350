// Ends by `process.exit` so many ms after a write was begun: node exit-process.mjs PATH MS

import { sqliteStore } from '@latchkey/store-sqlite'
import { tokenRecord } from '@latchkey/testkit'

const [path, delay] = process.argv.slice(2)
const environment = await sqliteStore({ path }).open('default')
environment.insert(tokenRecord()).catch(() => {})
setTimeout(() => process.exit(0), Number(delay))
