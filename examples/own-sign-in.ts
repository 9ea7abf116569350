// People who are signed in manage their own tokens, without having one first.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type Caller, createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import express, { type Request } from 'express'

const DAY = 86_400_000

// Users and sessions: replace these with your own.

interface Person {
  readonly password: string
  /** What the person may do now. Their tokens can never do more. */
  readonly scopes: readonly string[]
}

const people = new Map<string, Person>([
  ['ada', { password: randomUUID(), scopes: ['reports.*', 'apiTokens.read', 'apiTokens.write'] }],
  ['bob', { password: randomUUID(), scopes: ['reports.read', 'apiTokens.read', 'apiTokens.write'] }],
])

const sessions = new Map<string, string>()

/** The value of a new session's cookie, or `undefined` if the password is wrong. */
function signIn(name: string, password: string): string | undefined {
  if (people.get(name)?.password !== password) return undefined
  const session = randomUUID()
  sessions.set(session, name)
  return session
}

/** Who sent this request, by the session's cookie. */
function signedIn(request: Request): string | undefined {
  const [, session = ''] = /(?:^|; )session=([^;]*)/.exec(request.headers.cookie ?? '') ?? []
  return sessions.get(session)
}

const latchkey = createLatchkey({
  prefix: 'acme',
  store: memoryStore(),
  scopes: { 'reports.read': 'Read reports', 'reports.write': 'Write reports', 'people.write': 'Manage people' },
  maxLifetime: 90 * DAY,
  ownerScopes: async (owner) => people.get(owner)?.scopes,
})
const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)

/** People who are signed in manage their own tokens. Everybody else needs a token. */
function authorize(request: Request): Caller | undefined {
  const owner = signedIn(request)
  const person = owner === undefined ? undefined : people.get(owner)
  if (owner === undefined || person === undefined) return undefined
  return { id: owner, owner, scopes: person.scopes, personal: true }
}

const app = express()
app.use('/account/tokens', tokenRoutes({ authorize, dialect: 'latchkey' }))

app.post('/sign-in', express.json(), (req, res) => {
  const session = signIn(String(req.body.name), String(req.body.password))
  if (session === undefined) return void res.sendStatus(401)
  res.cookie('session', session, { httpOnly: true, secure: true, sameSite: 'strict' }).sendStatus(204)
})
app.delete('/people/:name', requireToken({ scopes: ['people.write'] }), (req, res) => {
  const name = String(req.params.name)
  people.delete(name)
  // Otherwise their tokens would work for up to `cache.ttl`.
  latchkey.forgetOwner(name)
  res.sendStatus(204)
})
app.get('/reports', requireToken({ scopes: ['reports.read'] }), (req, res) => {
  res.json({ reports: [], readBy: req.apiToken.owner })
})

const server = app.listen(3000)
await once(server, 'listening')
const { token: admin } = await latchkey.create({ name: 'admin', owner: 'operations', scopes: ['people.write'] })
console.log(JSON.stringify({ admin, ada: people.get('ada')?.password, bob: people.get('bob')?.password }))
