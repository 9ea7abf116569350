// The description of the management routes is valid and follows the options. (That it is true, the replays of the
// published clients check.)
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createLatchkey, type DialectName, type LatchkeyOptions, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import { Validator } from '@seriousme/openapi-schema-validator'
import express from 'express'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startHost } from '../host/start-host.js'
import { type Description, operationsOf } from './described.js'

async function read(url: string): Promise<Description> {
  const response = await fetch(`${url}/openapi.json`)
  expect(response.status).toBe(200)
  return (await response.json()) as Description
}

const validator = new Validator()

async function problemsOf(description: Description): Promise<unknown> {
  const { valid, errors } = await validator.validate({ ...description })
  return valid ? [] : errors
}

test('the host describes its routes in valid OpenAPI 3.1, each at the place where it is asked', async () => {
  const host = await startHost('koa')
  onTestFinished(async () => void (await host.stop()))
  for (const mount of ['/tokens', '/api/v2/apiTokens', '/api-tokens', '/e/red/api/v2/apiTokens']) {
    const description = await read(host.url + mount)
    expect(description.openapi).toMatch(/^3\.1\./)
    expect(await problemsOf(description)).toEqual([])
    const paths = Object.keys(description.paths)
    expect(paths).toContain(`${mount}/{id}/rotate`)
    expect(paths.filter((path) => path !== mount && !path.startsWith(`${mount}/`))).toEqual([])
    // A validator that finds nothing wrong with anything would not notice.
    expect(await problemsOf({ ...description, paths: { nowhere: {} } })).not.toEqual([])
  }
})

async function described(
  options: Partial<LatchkeyOptions>,
  mount = '/keys',
  dialect: DialectName = 'dynatrace',
): Promise<Description> {
  const latchkey = createLatchkey({ store: memoryStore(), ...options })
  const server = express().use(mount, latchkeyExpress(latchkey).tokenRoutes({ dialect })).listen(0, '127.0.0.1')
  onTestFinished(async () => {
    server.close()
    await latchkey.close()
  })
  await once(server, 'listening')
  const description = await read(`http://127.0.0.1:${(server.address() as AddressInfo).port}${mount}`)
  expect(await problemsOf(description)).toEqual([])
  return description
}

function statusesOf(description: Description): Readonly<Record<string, readonly number[]>> {
  const operations = operationsOf(description)
  return Object.fromEntries(
    operations.map(({ operationId, responses }) => [operationId, Object.keys(responses).map(Number)]),
  )
}

test('every operation names the statuses that it answers with, and no others', async () => {
  expect(statusesOf(await described({}, '/keys', 'latchkey'))).toMatchObject({
    create: [201, 400, 401, 403, 413, 415, 503],
    explain: [200, 400, 401, 403, 404, 413, 415, 503],
    capabilities: [200, 400, 401, 403, 503],
    update: [200, 400, 401, 403, 404, 409, 413, 415, 503],
    finish: [200, 400, 401, 403, 404, 409, 413, 415, 503],
  })
  expect(statusesOf(await described({}))).toEqual({
    list: [200, 400, 401, 403, 503],
    create: [201, 400, 401, 403, 413, 415, 503],
    lookup: [200, 400, 401, 403, 404, 413, 415, 503],
    revoke: [204, 400, 401, 403, 409, 413, 415, 503],
    get: [200, 400, 401, 403, 404, 503],
    update: [204, 400, 401, 403, 404, 409, 413, 415, 503],
    delete: [204, 400, 401, 403, 404, 409, 503],
    rotate: [200, 400, 401, 403, 404, 409, 413, 415, 503],
    finish: [204, 400, 401, 403, 404, 409, 413, 415, 503],
    cancel: [204, 400, 401, 403, 404, 409, 413, 415, 503],
    describe: [200],
  })
})

describe('the description follows', () => {
  test('where the routes are mounted', async () => {
    expect(Object.keys((await described({}, '/keys', 'panther')).paths)).toEqual([
      '/keys',
      '/keys/openapi.json',
      '/keys/{id}',
      '/keys/{id}/rotate',
    ])
    expect(Object.keys((await described({}, '', 'panther')).paths)).toEqual([
      '/',
      '/openapi.json',
      '/{id}',
      '/{id}/rotate',
    ])
  })

  test('which credentials count', async () => {
    const all = await described({})
    expect(all.components.securitySchemes).toEqual({
      bearer: { type: 'http', scheme: 'bearer' },
      apiToken: expect.objectContaining({ type: 'apiKey', in: 'header', name: 'Authorization' }),
      apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
    })
    const one = await described({ credentials: ['x-api-key'] })
    expect(Object.keys(one.components.securitySchemes)).toEqual(['apiKey'])
    for (const { operationId, security } of operationsOf(one)) {
      expect(security.map((scheme) => Object.keys(scheme))).toEqual(operationId === 'describe' ? [] : [['apiKey']])
    }
  })

  test('how the management scopes are called, and which operation needs them', async () => {
    const managementScopes = { read: 'keys.view', write: 'keys.edit', admin: 'keys.rule' }
    const description = await described({ managementScopes, credentials: ['bearer'] })
    const needed = operationsOf(description).map(({ operationId, security }) => [
      operationId,
      security[0]?.bearer ?? null,
    ])
    expect(Object.fromEntries(needed)).toEqual({
      list: ['keys.view'],
      get: ['keys.view'],
      create: ['keys.edit'],
      update: ['keys.edit'],
      delete: ['keys.edit'],
      rotate: ['keys.edit'],
      finish: ['keys.edit'],
      cancel: ['keys.edit'],
      lookup: [],
      revoke: [],
      describe: null,
    })
  })

  test('which scopes can be granted', async () => {
    const scopes = async (options: Partial<LatchkeyOptions>) => {
      const { paths } = await described(options, '/keys', 'panther')
      return paths['/keys']?.post?.requestBody?.content['application/json']?.schema.properties
    }
    const declared = { 'reports.read': 'Read reports' }
    expect(await scopes({ scopes: declared })).toMatchObject({
      permissions: {
        items: { description: expect.stringMatching(/`apiTokens\.write`, `apiTokens\.admin`, `reports\.read`/) },
      },
    })
    expect(JSON.stringify(await scopes({}))).not.toContain('apiTokens.write')
  })
})
