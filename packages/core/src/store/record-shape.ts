import { isObject } from '../option-checks.js'
import type { TokenRecord } from '../types.js'

/**
 * Whether what a store decoded has the members of a record, of the right types. What has not was damaged: it must not be
 * handed out, and an error about it must not quote it, since it may hold hashes.
 */
export function isTokenRecord(value: unknown): value is TokenRecord {
  return (
    has(value, REQUIRED) &&
    optional(value, NUMBERS, 'number') &&
    optional(value, ['lastUsedIp'], 'string') &&
    optional(value, ['metadata', 'createdBy', 'modifiedBy'], 'object') &&
    [value.scopes, value.networks, value.resources, value.retired].every(isTextList) &&
    Array.isArray(value.secrets) &&
    value.secrets.length > 0 &&
    value.secrets.every((secret) => has(secret, SECRET) && optional(secret, ['until', 'lastUsedAt'], 'number'))
  )
}

const REQUIRED = {
  id: 'string',
  name: 'string',
  owner: 'string',
  personal: 'boolean',
  enabled: 'boolean',
  version: 'number',
  createdAt: 'number',
}
const SECRET = { gen: 'number', hash: 'string', tag: 'string' }
const NUMBERS = ['expiresAt', 'modifiedAt', 'rotatedAt', 'lastUsedAt']

type Members = Readonly<Record<string, unknown>>

function has(value: unknown, types: Readonly<Record<string, string>>): value is Members {
  if (!isObject(value)) return false
  const members = value as Members
  return Object.entries(types).every(([name, type]) => typeof members[name] === type)
}

function optional(value: Members, names: readonly string[], type: string): boolean {
  return names.every((name) => value[name] === undefined || typeof value[name] === type)
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
