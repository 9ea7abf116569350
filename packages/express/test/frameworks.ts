import type { MountHost } from '@latchkey/testkit'
import express4 from 'express4'
import express5 from 'express5'
import { expressHost } from './host.js'

export interface Framework {
  readonly name: string
  /** The package that `alias` must resolve to, and its major version. */
  readonly resolved: { readonly package: string; readonly major: string }
  readonly alias: string
  readonly mount: MountHost
}

export const EXPRESSES: readonly Framework[] = [
  {
    name: 'Express 4',
    resolved: { package: 'express', major: '4' },
    alias: 'express4',
    // The types of the two majors differ, what the contract's host uses of them does not.
    mount: expressHost(express4 as unknown as typeof express5),
  },
  {
    name: 'Express 5',
    resolved: { package: 'express', major: '5' },
    alias: 'express5',
    mount: expressHost(express5),
  },
]
