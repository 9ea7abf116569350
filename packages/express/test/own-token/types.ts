import { createLatchkey, memoryStore } from '@latchkey/core'
import express from 'express'
import { latchkeyExpress } from '../../src/index.js'

// A host with a member `apiToken` of its own: never run, compiled with the types of Express 4 and 5.

declare global {
  namespace Express {
    interface Request {
      apiToken?: string
    }
  }
}

const latchkey = createLatchkey({ store: memoryStore() })
const { requireToken } = latchkeyExpress(latchkey, { property: 'key' })
const app = express()
app.get('/reports', requireToken(), (req, res) => {
  const own: string | undefined = req.apiToken
  res.json({ own, owner: req.key.owner })
})
app.get('/', (req, res) => void res.json(req.apiToken?.toUpperCase()))
