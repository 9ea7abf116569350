import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { adapterContract } from '@latchkey/testkit'
import express4 from 'express4'
import express5 from 'express5'
import { describe, expect, test } from 'vitest'
import { expressHost } from './host.js'

const require = createRequire(import.meta.url)

const FRAMEWORKS = [
  // The types of the two majors differ, what the contract's host uses of them does not.
  { major: 4, alias: 'express4', framework: express4 as unknown as typeof express5 },
  { major: 5, alias: 'express5', framework: express5 },
] as const

describe.each(FRAMEWORKS)('Express $major', ({ major, alias, framework }) => {
  test(`is what the alias ${alias} resolves to`, () => {
    const { name, version } = JSON.parse(readFileSync(require.resolve(`${alias}/package.json`), 'utf8'))
    expect([name, version.split('.')[0]]).toEqual(['express', String(major)])
  })

  for (const { group, name, run } of adapterContract) {
    test(`${group}: ${name}`, () => run(expressHost(framework)))
  }
})
