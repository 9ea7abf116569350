export {
  type DeniedHandler,
  type ExpressAuth,
  type GuardOptions,
  latchkeyExpress,
  type RoutesOptions,
} from './express.js'
