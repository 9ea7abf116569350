import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { adapterContract } from '@latchkey/testkit'
import express4 from 'express4'
import express5 from 'express5'
import { describe, expect, test } from 'vitest'
import { expressHost } from './host.js'

/** `resolved`: the package that `alias` must resolve to, and its major version. */
const EXPRESSES = [
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

const require = createRequire(import.meta.url)

describe.each(EXPRESSES)('$name', ({ resolved, alias, mount }) => {
  test(`is what the alias ${alias} resolves to`, () => {
    const { name, version } = JSON.parse(readFileSync(require.resolve(`${alias}/package.json`), 'utf8'))
    expect({ package: name, major: version.split('.')[0] }).toEqual(resolved)
  })

  for (const { group, name, run } of adapterContract) {
    test(`${group}: ${name}`, () => run(mount))
  }
})
