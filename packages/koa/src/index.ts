export { latchkeyKoa } from './koa.js'
export type { AdapterOptions, DeniedHandler, GuardOptions, KoaAuth, RoutesOptions, TokenState } from './types.js'
