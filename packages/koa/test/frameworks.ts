import type { MountHost } from '@latchkey/testkit'
import Koa2 from 'koa2'
import Koa3 from 'koa3'
import { koaHost } from './host.js'

export interface Framework {
  readonly name: string
  /** The package that `alias` must resolve to, and its major version. */
  readonly resolved: { readonly package: string; readonly major: string }
  readonly alias: string
  readonly mount: MountHost
}

export const KOAS: readonly Framework[] = [
  {
    name: 'Koa 2',
    resolved: { package: 'koa', major: '2' },
    alias: 'koa2',
    // The types of the two majors differ, what the contract's host uses of them does not.
    mount: koaHost(Koa2 as unknown as typeof Koa3),
  },
  {
    name: 'Koa 3',
    resolved: { package: 'koa', major: '3' },
    alias: 'koa3',
    mount: koaHost(Koa3),
  },
]
