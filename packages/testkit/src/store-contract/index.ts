import type { ContractCase } from './contract-case.js'
import { crudCases, purgeCases } from './crud.js'
import { listCases } from './list.js'
import { listFilterCases, listModelCases } from './list-filter.js'
import { listOrderCases } from './list-order.js'
import { openCases } from './open.js'
import { raceCases } from './races.js'
import { touchCases, touchRaceCases } from './touch.js'
import { updateCases } from './update.js'
import { watchCases } from './watch.js'

/**
 * Every MUST of `TokenStore`, as data: run each case, in any test runner, on empty data of its own. A case sees the
 * data through two connections or more, so give it a function that opens a further connection at each call.
 *
 * Not in here: that `find` takes one round trip, that `remove` removes a damaged record, and the events `reset`,
 * `lagging` and `live`. Only the tests of a store can count its round trips and cut its lines.
 */
export const storeContract: readonly ContractCase[] = [
  ...openCases,
  ...crudCases,
  ...updateCases,
  ...listCases,
  ...listFilterCases,
  ...listOrderCases,
  ...listModelCases,
  ...touchCases,
  ...purgeCases,
  ...watchCases,
  ...raceCases,
  ...touchRaceCases,
]
