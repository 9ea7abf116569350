export {
  type DeniedHandler,
  type GuardOptions,
  type KoaAuth,
  latchkeyKoa,
  type RoutesOptions,
  type TokenState,
} from './koa.js'
