import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { adapterContract } from '@latchkey/testkit'
import Koa2 from 'koa2'
import Koa3 from 'koa3'
import { describe, expect, test } from 'vitest'
import { koaHost } from './host.js'

/** `resolved`: the package that `alias` must resolve to, and its major version. */
const KOAS = [
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

const require = createRequire(import.meta.url)

describe.each(KOAS)('$name', ({ resolved, alias, mount }) => {
  test(`is what the alias ${alias} resolves to`, () => {
    const { name, version } = JSON.parse(readFileSync(require.resolve(`${alias}/package.json`), 'utf8'))
    expect({ package: name, major: version.split('.')[0] }).toEqual(resolved)
  })

  for (const { group, name, run } of adapterContract) {
    test(`${group}: ${name}`, () => run(mount))
  }
})
