import type { TokenStore } from '@latchkey/core'
import type { EnvironmentStore } from '@latchkey/core/store'

const GROUPS = ['open', 'insert', 'find', 'update', 'remove', 'list', 'touch', 'purge', 'watch', 'races'] as const

/** The method that a case is about; `races` are about several. */
export type ContractGroup = (typeof GROUPS)[number]

/** Opens one more connection to the same data. */
export type OpenStore = () => Promise<TokenStore>

/** One promise that every store keeps. */
export interface ContractCase {
  readonly group: ContractGroup
  /** Says what must hold. */
  readonly name: string
  /**
   * Resolves if the promise holds, else rejects (with an `AssertionError` where a value is wrong). The data behind
   * `openStore` must be empty and the case's own. The case closes every connection that it opens.
   */
  run(openStore: OpenStore): Promise<void>
}

/** The environment that most cases use. */
export const ENVIRONMENT = 'default'

type TwoConnections = (name: string, body: (a: EnvironmentStore, b: EnvironmentStore) => Promise<void>) => ContractCase

/** `caseOf.find(name, body)`: a case of the group `find` over one environment, seen through two connections. */
export const caseOf = Object.fromEntries(GROUPS.map((group) => [group, twoConnections(group)])) as Readonly<
  Record<ContractGroup, TwoConnections>
>

function twoConnections(group: ContractGroup): TwoConnections {
  return (name, body) =>
    connections(group, name, async (connect) => {
      const [a, b] = [await connect(), await connect()]
      await body(await a.open(ENVIRONMENT), await b.open(ENVIRONMENT))
    })
}

/** A case that opens its own connections; they are closed at its end. */
export function connections(
  group: ContractGroup,
  name: string,
  body: (connect: OpenStore) => Promise<void>,
): ContractCase {
  return {
    group,
    name,
    async run(openStore) {
      const opened: TokenStore[] = []
      try {
        await body(async () => {
          const store = await openStore()
          opened.push(store)
          return store
        })
      } finally {
        await Promise.all(opened.map((store) => store.close()))
      }
    },
  }
}
