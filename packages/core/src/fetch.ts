/** For hosts that speak fetch: a guard and the management routes, from `Request` to `Response`. */
export { optionError } from './errors.js'
export type { InstanceSource } from './http/create-adapter.js'
export {
  createFetchAdapter,
  type FetchAdapter,
  type FetchAdmission,
  type FetchAdmitted,
  type FetchDeniedHandler,
  type FetchRefused,
} from './http/fetch/create-fetch-adapter.js'
export {
  type FetchAdapterOptions,
  type FetchAuth,
  type FetchGuard,
  type FetchGuardOptions,
  type FetchRoutes,
  type FetchRoutesOptions,
  latchkeyFetch,
} from './http/fetch/latchkey-fetch.js'
export type { FetchClient, FetchMount, IncomingRequest } from './http/fetch/request.js'
export type { DeniedRequest } from './http/guard.js'
export type { AdapterOptions, GuardOptions, RoutesOptions } from './http/options.js'
export type { ApiToken } from './types.js'
