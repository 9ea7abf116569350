export { latchkeyExpress } from './express.js'
export type { AdapterOptions, DeniedHandler, ExpressAuth, Guard, GuardOptions, RoutesOptions } from './types.js'
