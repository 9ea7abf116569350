/** For authors of adapters: the guard and the management routes, free of any framework. */
export { counted } from './counted.js'
export { optionError } from './errors.js'
export type { ConsoleRequest, TokenConsole } from './http/console.js'
export type { InstanceSource } from './http/create-adapter.js'
export {
  type Adapter,
  type AdapterGuard,
  type AdapterRoutes,
  createAdapter,
  type RoutesAnswer,
} from './http/create-adapter.js'
export { maxHeadersCountOf } from './http/credentials.js'
export { streamBody } from './http/deliver.js'
export type { ErrorFormName } from './http/dialects/all.js'
export type { DialectName } from './http/dialects/dialect.js'
export { showToken } from './http/dialects/latchkey.js'
export { type AddressSource, type TrustFunction, trustsAnybody } from './http/forgeable-address.js'
export {
  type Admission,
  type AdmittedRequest,
  createGuard,
  type DeniedRequest,
  type Guard,
  type GuardedRequest,
} from './http/guard.js'
export {
  type EncodedResponse,
  encodeResponse,
  type HttpRequest,
  type HttpResponse,
  isAnswered,
} from './http/message.js'
export { assertMount, mountOf, splitTarget } from './http/mount.js'
export type { AdapterOptions, GuardOptions, ResourceOf, RoutesOptions } from './http/options.js'
export { readJson } from './http/read-json.js'
export type { GuardDenial } from './http/refusal.js'
export { type RoutedTarget, routedRequest } from './http/routed-request.js'
export { createRouter, type RoutedResponse, type Router } from './http/router.js'
export type { Latchkey } from './instance.js'
export { canCheckHash } from './internals.js'
export type { Caller } from './manage/caller.js'
export { assertKnownOptions } from './option-checks.js'
export { parseTimeframe } from './query/timeframe.js'
export type { ApiToken } from './types.js'
