export {
  type AdapterCase,
  type AdapterGroup,
  adapterContract,
  type FrameworkFacts,
  type GuardedRoute,
  type HostPlan,
  type HostRequest,
  type Mounted,
  type MountHost,
  type PlannedGuard,
  type RenderDenied,
} from './adapter-contract/index.js'
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
export { type ContractCase, type ContractGroup, type OpenStore, storeContract } from './store-contract/index.js'
