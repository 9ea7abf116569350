export { latchkeyHono } from './hono.js'
export type { AdapterOptions, DeniedHandler, GuardOptions, HonoAuth, RoutesOptions, TokenVariables } from './types.js'
