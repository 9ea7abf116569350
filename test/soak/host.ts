import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import type { Latchkey } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import { latchkeyKoa } from '@latchkey/koa'
import express, { type ErrorRequestHandler } from 'express'
import Koa from 'koa'
import type { Framework } from './protocol.js'

/** An application with the management routes at `/tokens`, and a guarded route at `/guarded`. */
export interface Host {
  readonly port: number
  readonly connections: () => Promise<number>
  /** What reached the error handler of the framework. */
  readonly errors: readonly string[]
}

/** What a framework is told of clients that have left. */
const LEFT = ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE', 'HPE_INVALID_EOF_STATE']
const MAX_ERRORS = 5

export async function startHost(framework: Framework, latchkey: Latchkey): Promise<Host> {
  const errors: string[] = []
  const note = (error: Error & { code?: unknown }) => {
    if (!LEFT.includes(String(error.code)) && errors.length < MAX_ERRORS) errors.push(String(error.stack ?? error))
  }
  const server = createServer({ express: onExpress, koa: onKoa }[framework](latchkey, note))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connections = promisify(server.getConnections.bind(server))
  return { port: (server.address() as AddressInfo).port, connections, errors }
}

function onExpress(latchkey: Latchkey, note: (error: Error) => void): RequestListener {
  const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)
  const onError: ErrorRequestHandler = (error: Error, _req, res, _next) => {
    note(error)
    res.sendStatus(500)
  }
  return express()
    .use('/tokens', tokenRoutes())
    .get('/guarded', requireToken(), (_req, res) => void res.json('in'))
    .use(onError)
}

function onKoa(latchkey: Latchkey, note: (error: Error) => void): RequestListener {
  const { requireToken, tokenRoutes } = latchkeyKoa(latchkey)
  const app = new Koa()
  app.on('error', note)
  app.use(tokenRoutes({ path: '/tokens' }))
  app.use(requireToken())
  app.use((ctx) => {
    ctx.body = '"in"'
  })
  return app.callback()
}
