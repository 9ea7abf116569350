export {
  type DeniedHandler,
  type ExpressAuth,
  type Guard,
  type GuardOptions,
  latchkeyExpress,
  type RoutesOptions,
} from './express.js'
