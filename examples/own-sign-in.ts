// A small application with a sign-in form. People who are signed in manage their own tokens on the tokens page, without having
// one first. own-sign-in/koa.ts is the same on Koa.
import { once } from 'node:events'
import { tokenConsole } from '@latchkey/console'
import type { Caller } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import express, { type Request } from 'express'
import { home, signInForm } from './own-sign-in/pages.js'
import { callerOf, latchkey, printCredentials, removePerson, signedIn, signIn, signOut } from './own-sign-in/people.js'

const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)

const authorize = (request: Request): Caller | undefined => callerOf(request.headers.cookie)

const app = express()
app.use('/account/tokens', tokenRoutes({ authorize, dialect: 'latchkey', console: tokenConsole() }))

app.get('/', (req, res) => void res.send(home(signedIn(req.headers.cookie))))
app.post('/sign-in', express.urlencoded(), express.json(), (req, res) => {
  const { name, password } = req.body as { readonly name?: unknown; readonly password?: unknown }
  const session = signIn(String(name), String(password))
  if (session === undefined) return void res.status(401).send(signInForm('The name or the password is wrong.'))
  res.cookie('session', session, { httpOnly: true, secure: true, sameSite: 'strict' })
  // A form wants a page; a program wants none.
  if (req.is('urlencoded')) res.redirect(303, '/')
  else res.sendStatus(204)
})
app.post('/sign-out', (req, res) => {
  signOut(req.headers.cookie)
  res.clearCookie('session').redirect(303, '/')
})

app.delete('/people/:name', requireToken({ scopes: ['people.write'] }), (req, res) => {
  removePerson(String(req.params.name))
  res.sendStatus(204)
})
app.get('/reports', requireToken({ scopes: ['reports.read'] }), (req, res) => {
  res.json({ reports: [], readBy: req.apiToken.owner })
})

const server = app.listen(3000)
await once(server, 'listening')
await printCredentials()
