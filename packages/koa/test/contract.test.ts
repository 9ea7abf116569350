import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { adapterContract } from '@latchkey/testkit'
import { describe, expect, test } from 'vitest'
import { KOAS } from './frameworks.js'

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
