// As own-sign-in.ts, on Koa.
import { once } from 'node:events'
import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import { tokenConsole } from '@latchkey/console'
import type { Caller } from '@latchkey/core'
import { latchkeyKoa } from '@latchkey/koa'
import Koa, { type Context } from 'koa'
import { home, signInForm } from './pages.js'
import { callerOf, latchkey, printCredentials, removePerson, signedIn, signIn, signOut } from './people.js'

const { requireToken, tokenRoutes } = latchkeyKoa(latchkey)

const authorize = (ctx: Context): Caller | undefined => callerOf(ctx.req.headers.cookie)

const app = new Koa()
app.use(tokenRoutes({ path: '/account/tokens', authorize, dialect: 'latchkey', console: tokenConsole() }))

const router = new Router()
router.get('/', (ctx) => {
  ctx.body = home(signedIn(ctx.req.headers.cookie))
})
router.post('/sign-in', bodyParser(), (ctx) => {
  const { name, password } = ctx.request.body as { readonly name?: unknown; readonly password?: unknown }
  const session = signIn(String(name), String(password))
  if (session === undefined) {
    ctx.status = 401
    ctx.body = signInForm('The name or the password is wrong.')
    return
  }
  ctx.append('Set-Cookie', `session=${session}; Path=/; HttpOnly; Secure; SameSite=Strict`)
  // A form wants a page; a program wants none.
  ctx.status = 204
  if (ctx.is('urlencoded')) {
    ctx.redirect('/')
    ctx.status = 303
  }
})
router.post('/sign-out', (ctx) => {
  signOut(ctx.req.headers.cookie)
  ctx.redirect('/')
  ctx.status = 303
})
router.delete('/people/:name', requireToken({ scopes: ['people.write'] }), (ctx) => {
  removePerson(String(ctx.params.name))
  ctx.status = 204
})
router.get('/reports', requireToken({ scopes: ['reports.read'] }), (ctx) => {
  ctx.body = { reports: [], readBy: ctx.state.apiToken.owner }
})
app.use(router.routes())

const server = app.listen(3000)
await once(server, 'listening')
await printCredentials()
