// A NestJS application: token routes below its global prefix, a guard class with scopes, and a clean end.
import 'reflect-metadata'
import type { Latchkey } from '@latchkey/core'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import { ReportsController } from './reports.controller'
import { LATCHKEY, TokensModule } from './tokens.module'

@Module({ imports: [TokensModule], controllers: [ReportsController] })
class AppModule {}

async function start(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule, { forceCloseConnections: true })
  app.setGlobalPrefix('api')
  // Trust X-Forwarded-For from a proxy on this machine only.
  app.set('trust proxy', 'loopback')
  // Without this line, SIGTERM ends the process before the module of the tokens can close Latchkey.
  app.enableShutdownHooks()
  await app.listen(3000)

  // Once: a store that has tokens gets none.
  const first = await app.get<Latchkey>(LATCHKEY).createFirst({ name: 'first', owner: 'admin', scopes: ['*'] })
  if (first === undefined) return
  console.log(`curl -H 'Authorization: Bearer ${first.token}' http://localhost:3000/api/reports`)
}

void start()
