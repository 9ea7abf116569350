// One instance for the whole application. Inject LATCHKEY or AUTH where you need them.
import { createLatchkey, type Latchkey, memoryStore } from '@latchkey/core'
import { type ExpressAuth, latchkeyExpress } from '@latchkey/express'
import {
  Global,
  HttpException,
  Inject,
  Logger,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type OnApplicationShutdown,
} from '@nestjs/common'

export const LATCHKEY = Symbol('latchkey')
export const AUTH = Symbol('auth')

export const scopes = { 'reports.read': 'Read reports', 'reports.write': 'Write reports' }
export type Scope = keyof typeof scopes

@Global()
@Module({
  providers: [
    { provide: LATCHKEY, useFactory: () => createLatchkey({ prefix: 'acme', store: memoryStore(), scopes }) },
    {
      provide: AUTH,
      inject: [LATCHKEY],
      useFactory: (latchkey: Latchkey<Scope>) =>
        latchkeyExpress(latchkey, {
          // Refusals become exceptions of Nest, so that its filters and interceptors see them.
          onDenied: ({ response }, _req, res) => {
            res.set({ ...response.headers, 'Content-Type': 'application/json' })
            throw new HttpException(response.body as object, response.status)
          },
        }),
    },
  ],
  exports: [LATCHKEY, AUTH],
})
export class TokensModule implements NestModule, OnApplicationShutdown {
  @Inject(LATCHKEY) private readonly latchkey!: Latchkey<Scope>
  @Inject(AUTH) private readonly auth!: ExpressAuth<Scope>

  configure(consumer: MiddlewareConsumer): void {
    // Below the global prefix: /api/tokens.
    consumer.apply(this.auth.tokenRoutes({ dialect: 'latchkey' })).forRoutes('tokens')
  }

  /** When no request is under way any more. */
  async onApplicationShutdown(): Promise<void> {
    await this.latchkey.close()
    Logger.log('The last uses of tokens are written', TokensModule.name)
  }
}
