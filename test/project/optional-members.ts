// Never run: whoever compiles with exactOptionalPropertyTypes may hand `undefined` to every optional member of what the
// public functions take. Checked by tsc.

import type { ConsoleOptions } from '@latchkey/console'
import type {
  Argon2idOptions,
  CacheOptions,
  Caller,
  CopyOptions,
  CreateInput,
  ExplainRequest,
  ForeignFormat,
  HmacSha256Options,
  ImportOptions,
  ImportRow,
  LastUsedOptions,
  LatchkeyOptions,
  ListRequest,
  NextRequest,
  OnBehalf,
  RotateInput,
  UpdateInput,
  VerifyContext,
} from '@latchkey/core'
import type { GuardedRequest, GuardOptions, HttpRequest, RoutesOptions } from '@latchkey/core/adapter'
import type {
  FetchAdapterOptions,
  FetchClient,
  FetchGuardOptions,
  FetchMount,
  FetchRoutesOptions,
} from '@latchkey/core/fetch'
import type * as express from '@latchkey/express'
import type * as fastify from '@latchkey/fastify'
import type * as hono from '@latchkey/hono'
import type * as koa from '@latchkey/koa'
import type { MigrateOptions, PostgresQueryOptions, PostgresStoreOptions } from '@latchkey/store-postgres'
import type { RedisStoreOptions } from '@latchkey/store-redis'
import type { SqliteStoreOptions } from '@latchkey/store-sqlite'

type OptionalOf<T> = { [K in keyof T as Record<never, never> extends Pick<T, K> ? K : never]: T[K] }
type WithUndefined<T> = { [K in keyof T]: T[K] | undefined }
/** The names of the members that do not take `undefined`. */
type Exact<T> = T extends unknown
  ? {
      [K in keyof OptionalOf<T>]-?: WithUndefined<Pick<OptionalOf<T>, K>> extends Pick<OptionalOf<T>, K> ? never : K
    }[keyof OptionalOf<T>]
  : never

/** Everything that a host or an author hands in, by its name. */
interface Given {
  argon2id: Argon2idOptions
  audit: NonNullable<LatchkeyOptions['audit']>
  cache: CacheOptions
  caller: Caller
  console: ConsoleOptions
  copyTokens: CopyOptions
  create: CreateInput
  csrf: NonNullable<RoutesOptions<object>['csrf']>
  explain: ExplainRequest
  foreign: ForeignFormat
  importRow: ImportRow
  importTokens: ImportOptions
  expressGuard: express.GuardOptions<string>
  expressRoutes: express.RoutesOptions
  fastifyGuard: fastify.GuardOptions<string>
  fastifyRoutes: fastify.RoutesOptions
  fetchAdapter: FetchAdapterOptions
  fetchClient: FetchClient
  fetchGuard: FetchGuardOptions
  fetchMount: FetchMount
  fetchRoutes: FetchRoutesOptions
  guard: GuardOptions
  guarded: GuardedRequest
  hmacSha256: HmacSha256Options
  httpRequest: HttpRequest
  honoAdapter: hono.AdapterOptions
  honoGuard: hono.GuardOptions<string>
  honoRoutes: hono.RoutesOptions
  koaGuard: koa.GuardOptions<string>
  koaRoutes: koa.RoutesOptions
  lastUsed: LastUsedOptions
  latchkey: LatchkeyOptions
  list: ListRequest
  migrate: MigrateOptions
  next: NextRequest
  onBehalf: OnBehalf
  postgres: PostgresStoreOptions
  postgresQuery: PostgresQueryOptions
  redis: RedisStoreOptions
  rotate: RotateInput
  routes: RoutesOptions<object>
  self: NonNullable<RoutesOptions<object>['self']>
  sqlite: SqliteStoreOptions
  update: UpdateInput
  verify: VerifyContext
}

type Wrong = {
  [Name in keyof Given]: [Exact<Given[Name]>] extends [never] ? never : [Name, Exact<Given[Name]>]
}[keyof Given]

/** An error here names the type and the member that should be `?: … | undefined`. */
export const none = (name: Wrong): never => name
// The check itself can fail.
export const caught: Exact<{ readonly a?: number; readonly b?: number | undefined; c: string }> = 'a'
