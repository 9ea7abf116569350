import type { TokenStore } from '@latchkey/core/store'
import type { ContractCase } from '@latchkey/testkit'

/**
 * Runs a case of the contract on two stores that serve all cases, since opening a store is what takes long. The data are the
 * case's own: its environments have names of their own.
 */
export async function runOnShared(
  { run }: ContractCase,
  number: number,
  stores: readonly [TokenStore, TokenStore],
): Promise<void> {
  let opened = 0
  await run(async () => {
    const store = opened++ % 2 === 0 ? stores[0] : stores[1]
    return { open: (environment) => store.open(`case-${number}.${environment}`), close: async () => {} }
  })
}
