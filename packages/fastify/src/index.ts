export { latchkeyFastify } from './fastify.js'
export type {
  AdapterOptions,
  DeniedHandler,
  FastifyAuth,
  Guard,
  GuardOptions,
  HostMembers,
  RoutesOptions,
  StringParams,
} from './types.js'
