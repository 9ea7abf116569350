import { StoreError } from '../errors.js'
import { isObject } from '../option-checks.js'
import type { TokenRecord } from '../types.js'

/** `ERR_STORE`: what is stored of a token is no record. Shows nothing of it. `place`: the store, or its file. */
export class DamagedRecord extends StoreError {
  constructor(place: string, id: string) {
    super('ERR_STORE', `${place}: the record of ${id} is damaged; it can be removed by its id.`)
  }
}

/**
 * The record that `decode` returns. Throws `DamagedRecord` if it returns no record, or throws: the message of a parser
 * would quote the text, and so hashes.
 */
export function decodeRecord(place: string, id: string, decode: () => unknown): TokenRecord {
  try {
    const record = decode()
    if (isTokenRecord(record)) return record
  } catch {
    // As if it were no record.
  }
  throw new DamagedRecord(place, id)
}

/** The record of each item. Those that are damaged are left out, with an error each in `damaged`. */
export function* intactRecords<Item>(
  items: Iterable<Item>,
  read: (item: Item) => TokenRecord,
  damaged: StoreError[],
): Generator<TokenRecord> {
  for (const item of items) {
    try {
      yield read(item)
    } catch (error) {
      if (!(error instanceof DamagedRecord)) throw error
      damaged.push(error)
    }
  }
}

/**
 * Whether what a store decoded has the members of a record, of the right types. What has not was damaged: it must not
 * be handed out, and an error about it must not quote it, since it may hold hashes.
 */
export function isTokenRecord(value: unknown): value is TokenRecord {
  return (
    has(value, REQUIRED) &&
    isTime(value.createdAt) &&
    times(value, TIMES) &&
    optional(value, ['lastUsedIp'], 'string') &&
    optional(value, ['metadata', 'createdBy', 'modifiedBy'], 'object') &&
    [value.scopes, value.networks, value.resources, value.retired].every(isTextList) &&
    Array.isArray(value.secrets) &&
    value.secrets.length > 0 &&
    value.secrets.every(
      (secret) =>
        has(secret, SECRET) && optional(secret, ['format'], 'string') && times(secret, ['until', 'lastUsedAt']),
    )
  )
}

const REQUIRED = {
  id: 'string',
  name: 'string',
  owner: 'string',
  personal: 'boolean',
  enabled: 'boolean',
  version: 'number',
}
const SECRET = { gen: 'number', hash: 'string', tag: 'string' }
const TIMES = ['expiresAt', 'modifiedAt', 'rotatedAt', 'lastUsedAt']

type Members = Readonly<Record<string, unknown>>

function has(value: unknown, types: Readonly<Record<string, string>>): value is Members {
  if (!isObject(value)) return false
  const members = value as Members
  return Object.entries(types).every(([name, type]) => typeof members[name] === type)
}

function optional(value: Members, names: readonly string[], type: string): boolean {
  return names.every((name) => value[name] === undefined || typeof value[name] === type)
}

function times(value: Members, names: readonly string[]): boolean {
  return names.every((name) => value[name] === undefined || isTime(value[name]))
}

/** Whether this is a time that a `Date` can hold: one that cannot be written would fail a whole list. */
function isTime(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= MAX_TIME
}

/** ECMAScript's limit, 100 million days from the epoch. */
const MAX_TIME = 8.64e15

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
