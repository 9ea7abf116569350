// Takes the place of ../tokens.module.ts: tokens in PostgreSQL, and a page for people who are signed in.
import { tokenConsole } from '@latchkey/console'
import { createLatchkey, type Latchkey, type TokenStore } from '@latchkey/core'
import { type ExpressAuth, latchkeyExpress } from '@latchkey/express'
import { nodePg, postgresStore } from '@latchkey/store-postgres'
import {
  Global,
  HttpException,
  Inject,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type OnApplicationShutdown,
} from '@nestjs/common'
import { Pool } from 'pg'
import { Sessions } from './sessions'

export const LATCHKEY = Symbol('latchkey')
export const AUTH = Symbol('auth')
const POOL = Symbol('pool')
const STORE = Symbol('store')

export const scopes = { 'reports.read': 'Read reports', 'reports.write': 'Write reports' }
export type Scope = keyof typeof scopes

@Global()
@Module({
  providers: [
    Sessions,
    {
      provide: POOL,
      useFactory: () => new Pool({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 2_000 }),
    },
    { provide: STORE, inject: [POOL], useFactory: (pool: Pool) => postgresStore({ client: nodePg(pool) }) },
    {
      provide: LATCHKEY,
      inject: [STORE],
      useFactory: (store: TokenStore) => createLatchkey({ prefix: 'acme', store, scopes }),
    },
    {
      provide: AUTH,
      inject: [LATCHKEY],
      useFactory: (latchkey: Latchkey<Scope>) =>
        latchkeyExpress(latchkey, {
          onDenied: ({ response }, _req, res) => {
            res.set({ ...response.headers, 'Content-Type': 'application/json' })
            throw new HttpException(response.body as object, response.status)
          },
        }),
    },
  ],
  exports: [LATCHKEY, AUTH, Sessions],
})
export class TokensModule implements NestModule, OnApplicationShutdown {
  @Inject(POOL) private readonly pool!: Pool
  @Inject(STORE) private readonly store!: TokenStore
  @Inject(LATCHKEY) private readonly latchkey!: Latchkey<Scope>
  @Inject(AUTH) private readonly auth!: ExpressAuth<Scope>
  @Inject(Sessions) private readonly sessions!: Sessions

  configure(consumer: MiddlewareConsumer): void {
    const routes = this.auth.tokenRoutes({
      dialect: 'latchkey',
      authorize: (request) => this.sessions.callerOf(request),
      console: tokenConsole(),
    })
    // With the global prefix `api` the page is at /api/tokens/console/.
    consumer.apply(routes).forRoutes('tokens')
  }

  /** In this order: Latchkey writes the last uses to the store, and the store uses the pool. */
  async onApplicationShutdown(): Promise<void> {
    await this.latchkey.close()
    await this.store.close()
    await this.pool.end()
  }
}
