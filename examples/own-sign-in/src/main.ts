import { once } from 'node:events'
import { type Caller, createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import express, { type Request } from 'express'
import { people, signedIn, signIn } from './people.js'

const DAY = 86_400_000

const latchkey = createLatchkey({
  prefix: 'acme',
  store: memoryStore(),
  scopes: { 'reports.read': 'Read reports', 'reports.write': 'Write reports', 'people.write': 'Manage people' },
  maxLifetime: 90 * DAY,
  ownerScopes: async (owner) => people.get(owner)?.scopes,
})
const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)

/** People who are signed in manage their own tokens. Everybody else needs a token for that. */
function authorize(request: Request): Caller | undefined {
  // Browsers send cookies along with requests that other sites make, and say so in this header.
  if (request.get('Sec-Fetch-Site') !== 'same-origin') return undefined
  const owner = signedIn(request)
  const person = owner === undefined ? undefined : people.get(owner)
  if (owner === undefined || person === undefined) return undefined
  return { owner, scopes: person.scopes, personal: true }
}

const app = express()
app.use('/account/tokens', tokenRoutes({ authorize }))

app.post('/sign-in', express.json(), (req, res) => {
  const session = signIn(String(req.body.name), String(req.body.password))
  if (session === undefined) return void res.sendStatus(401)
  res.cookie('session', session, { httpOnly: true, secure: true, sameSite: 'strict' }).sendStatus(204)
})
app.delete('/people/:name', requireToken({ scopes: ['people.write'] }), (req, res) => {
  const name = String(req.params.name)
  people.delete(name)
  // Without this line their tokens would live on for up to `cache.ttl`.
  latchkey.forgetOwner(name)
  res.sendStatus(204)
})
app.get('/reports', requireToken({ scopes: ['reports.read'] }), (req, res) => {
  res.json({ reports: [], readBy: req.apiToken?.owner })
})

const server = app.listen(3000)
await once(server, 'listening')
const { token: admin } = await latchkey.create({ name: 'admin', owner: 'operations', scopes: ['people.write'] })
console.log(JSON.stringify({ admin, ada: people.get('ada')?.password, bob: people.get('bob')?.password }))
