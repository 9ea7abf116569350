export type {
  AdapterCase,
  AdapterGroup,
  FrameworkFacts,
  GuardedRoute,
  HostPlan,
  HostRequest,
  Mounted,
  MountHost,
  PlannedGuard,
  RenderDenied,
} from './adapter-contract/adapter-case.js'
export { adapterContract } from './adapter-contract/index.js'
export { type FetchHandler, fetchListener } from './fetch-listener.js'
export {
  CREATED_AT,
  fullTokenRecord,
  type Random,
  randomInt,
  randomItem,
  readPage,
  secretTag,
  seededRandom,
  storedSecret,
  testHasher,
  tokenId,
  tokenRecord,
} from './fixtures.js'
export type { ContractCase, ContractGroup, OpenStore } from './store-contract/contract-case.js'
export { storeContract } from './store-contract/index.js'
