import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { createGuard, type GuardOptions } from '../../src/adapter.js'
import { testInstance } from '../support/instance.js'

const RULE = 'so the request was refused. It must return a resource, a list of resources, or undefined.'

describe('a mistake of the function that names the resource', () => {
  const mistakes: [string, () => unknown, string][] = [
    ['an error', () => Object.assign({}, undefined as never as { id: string }).id.length, 'threw an error'],
    ['a promise', async () => 'project:1', 'returned a promise'],
    ['a promise that rejects', () => Promise.reject(new Error('late')), 'returned a promise'],
    ['a number', () => 17, 'returned 17'],
    ['a list with a number', () => ['project:1', 2], 'returned a list'],
  ]

  test.each(mistakes)('%s refuses everybody, and one warning tells of it', async (_, resource, mistake) => {
    const { latchkey } = testInstance()
    const { token } = await latchkey.create({ name: 'n', owner: 'o', scopes: ['a'] })
    const options = { resource } as GuardOptions
    const guard = createGuard(options)
    const heard: Error[] = []
    const listen = (warning: Error) => heard.push(warning)
    process.on('warning', listen)
    const warned = once(process, 'warning')
    const ask = async () => guard(latchkey, { headers: { authorization: `Bearer ${token}` }, ip: undefined }, {}, {})
    const statuses = [await ask(), await ask()].map((admission) => !admission.ok && admission.response.status)
    await warned
    // A second warning would have been emitted before this one.
    process.emitWarning('last', 'LatchkeyTest')
    await once(process, 'warning')
    process.off('warning', listen)
    expect(statuses).toEqual([403, 403])
    expect(heard.map(({ name, message }) => [name, message])).toEqual([
      ['LatchkeyWarning', `The option resource of a guard ${mistake}, ${RULE}`],
      ['LatchkeyTest', 'last'],
    ])
    expect(heard[0]).toMatchObject({ code: 'LATCHKEY_RESOURCE' })
  })
})
