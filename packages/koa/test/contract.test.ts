import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { adapterContract } from '@latchkey/testkit'
import Koa2 from 'koa2'
import Koa3 from 'koa3'
import { describe, expect, test } from 'vitest'
import { koaHost } from './host.js'

const require = createRequire(import.meta.url)

const FRAMEWORKS = [
  // The types of the two majors differ, what the contract's host uses of them does not.
  { major: 2, alias: 'koa2', framework: Koa2 as unknown as typeof Koa3 },
  { major: 3, alias: 'koa3', framework: Koa3 },
] as const

describe.each(FRAMEWORKS)('Koa $major', ({ major, alias, framework }) => {
  test(`is what the alias ${alias} resolves to`, () => {
    const { name, version } = JSON.parse(readFileSync(require.resolve(`${alias}/package.json`), 'utf8'))
    expect([name, version.split('.')[0]]).toEqual(['koa', String(major)])
  })

  for (const { group, name, run } of adapterContract) {
    test(`${group}: ${name}`, () => run(koaHost(framework)))
  }
})
