import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { adapterContract } from '@latchkey/testkit'
import { fastify } from 'fastify'
import { fastify as oldest } from 'fastify5'
import { describe, expect, test } from 'vitest'
import { fastifyHost } from './host.js'

const LONG = process.env.LATCHKEY_LONG === '1'

/** The first version that is supported, with LATCHKEY_LONG=1 alone, and the last. */
const VERSIONS = [
  {
    name: 'Fastify 5, the first',
    alias: 'fastify5',
    version: /^5\.0\.0$/,
    groups: LONG ? ['guard', 'routes'] : [],
    // The types of the versions differ, what the contract's host uses of them does not.
    mount: fastifyHost(oldest as unknown as typeof fastify),
  },
  {
    name: 'Fastify 5',
    alias: 'fastify',
    version: /^5\./,
    groups: ['guard', 'routes'],
    mount: fastifyHost(fastify),
  },
]

const require = createRequire(import.meta.url)

describe.each(VERSIONS)('$name', ({ alias, version, groups, mount }) => {
  test(`is what ${alias} resolves to`, () => {
    const manifest = JSON.parse(readFileSync(require.resolve(`${alias}/package.json`), 'utf8'))
    expect(manifest).toMatchObject({ name: 'fastify', version: expect.stringMatching(version) })
  })

  for (const { group, name, run } of adapterContract.filter((each) => groups.includes(each.group))) {
    test(`${group}: ${name}`, () => run(mount))
  }
})
