// A NestJS application: token routes below its global prefix, a guard class with scopes, and a clean end.
import 'reflect-metadata'
import type { Latchkey } from '@latchkey/core'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import { ReportsController } from './reports.controller.js'
import { LATCHKEY, TokensModule } from './tokens.module.js'

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

  const { token } = await app.get<Latchkey>(LATCHKEY).create({ name: 'first', owner: 'admin', scopes: ['*'] })
  console.log(`curl -H 'Authorization: Bearer ${token}' http://localhost:3000/api/reports`)
}

void start()
