import type { OnAudit } from './audit-entry.js'
import { compact } from './compact.js'
import { optionError, quoted } from './errors.js'
import { readForeign } from './foreign-options.js'
import { assertKnownOptions, booleanOption, functionOption, integerOption, isObject } from './option-checks.js'
import type { CredentialSource, LatchkeyOptions } from './options.js'
import { isPlainScope } from './policy/scopes.js'
import { argon2id } from './secret/argon2id.js'
import type { Hasher } from './secret/hasher.js'
import { assertEnvironmentName } from './store/environments.js'
import type { TokenStore } from './store/token-store.js'
import type { ForeignFormats } from './token/foreign.js'
import { isPrefix, PREFIX_RULE } from './token/format.js'
import type { ManagementScopes } from './types.js'
import type { OwnerScopes } from './verify/owner-scopes.js'

/** The options of an instance, with every default filled in. Times are in milliseconds. */
export interface Settings {
  readonly store: TokenStore
  readonly environment: string
  readonly prefix: string
  readonly acceptPrefixes: readonly string[]
  readonly foreign: ForeignFormats
  readonly realm: string
  /** Descriptions by scope, with the management scopes. `undefined`: the host declares none, so any can be granted. */
  readonly scopes: ReadonlyMap<string, string> | undefined
  readonly managementScopes: ManagementScopes
  readonly hasher: Hasher
  readonly acceptHashers: readonly Hasher[]
  readonly cache: { readonly max: number; readonly ttl: number; readonly staleIfError: number }
  /** Whether last uses are recorded. */
  readonly lastUsed: boolean
  /** The time between two writes of last uses and replaced hashes. */
  readonly flushInterval: number
  readonly maxLifetime: number | undefined
  readonly maxOverlap: number
  readonly maxTokensPerOwner: number | undefined
  readonly retention: number | undefined
  readonly purgeInterval: number | undefined
  readonly credentials: readonly CredentialSource[]
  readonly ownerScopes: OwnerScopes | undefined
  readonly onAudit: OnAudit | undefined
  /** Whether reads have audit entries. */
  readonly auditReads: boolean
  /** How long a function of the host may take. */
  readonly hostTimeout: number
  readonly now: () => number
}

const SOURCES: readonly CredentialSource[] = ['bearer', 'api-token', 'x-api-key']
/** A quoted-string of RFC 9110, without the characters that need an escape. */
const REALM = /^[\x20\x21\x23-\x5b\x5d-\x7e]{0,100}$/
/** A hundred years. */
const MAX_DURATION = 100 * 365 * 86_400_000
/** Node's timers take no more. */
const MAX_TIMER = 2 ** 31 - 1

/** Checks every option and fills in the defaults. Throws a `TypeError` (`ERR_OPTION`) that names the option. */
export function readOptions(
  options: LatchkeyOptions<Readonly<Record<string, string>>, Partial<ManagementScopes>>,
): Settings {
  if (!isObject(options)) throw optionError('createLatchkey', `needs an object of options, not ${quoted(options)}`)
  assertKnownOptions('', options, OPTION_NAMES)
  const {
    store,
    environment = 'default',
    prefix = 'lk',
    realm = 'api',
    cache = {},
    lastUsed = {},
    audit = {},
  } = options
  if (typeof store?.open !== 'function') {
    throw optionError('store', `must be a token store, such as memoryStore(), not ${quoted(store)}`)
  }
  assertEnvironmentName(environment)
  if (!isPrefix(prefix)) throw optionError('prefix', PREFIX_RULE)
  if (!matches(REALM, realm))
    throw optionError('realm', 'must be at most 100 printable ASCII characters without " and \\')
  assertKnownOptions('cache', cache, ['max', 'ttl', 'staleIfError'])
  if (lastUsed !== false) assertKnownOptions('lastUsed', lastUsed, ['flushInterval'])
  assertKnownOptions('audit', audit, ['reads'])
  const { flushInterval = 10_000 } = lastUsed === false ? {} : lastUsed
  const managementScopes = readManagementScopes(options.managementScopes)
  const retention = optionalInteger('retention', options.retention, 0, MAX_DURATION)
  const purgeInterval = optionalInteger('purgeInterval', options.purgeInterval, 1_000, MAX_TIMER)
  if (purgeInterval !== undefined && retention === undefined) throw optionError('purgeInterval', 'needs retention')
  return {
    store,
    environment,
    prefix,
    acceptPrefixes: readPrefixes(prefix, options.acceptPrefixes),
    foreign: readForeign(options.foreign),
    realm,
    scopes: readScopes(options.scopes, managementScopes),
    managementScopes,
    hasher: readHasher('hasher', options.hasher ?? argon2id()),
    acceptHashers: readHashers('acceptHashers', options.acceptHashers ?? []),
    cache: {
      max: integerOption('cache.max', cache.max ?? 50_000, 1, 10_000_000),
      ttl: integerOption('cache.ttl', cache.ttl ?? 5_000, 1, 3_600_000),
      staleIfError: integerOption('cache.staleIfError', cache.staleIfError ?? 0, 0, 86_400_000),
    },
    lastUsed: lastUsed !== false,
    flushInterval: integerOption('lastUsed.flushInterval', flushInterval, 10, MAX_TIMER),
    maxLifetime: optionalInteger('maxLifetime', options.maxLifetime, 1, MAX_DURATION),
    maxOverlap: integerOption('maxOverlap', options.maxOverlap ?? 30 * 86_400_000, 1, MAX_DURATION),
    maxTokensPerOwner: optionalInteger('maxTokensPerOwner', options.maxTokensPerOwner, 1, 1_000_000_000),
    retention,
    purgeInterval,
    credentials: readCredentials(options.credentials ?? SOURCES),
    ownerScopes: functionOption('ownerScopes', options.ownerScopes),
    onAudit: functionOption('onAudit', options.onAudit),
    auditReads: booleanOption('audit.reads', audit.reads ?? false),
    hostTimeout: integerOption('hostTimeout', options.hostTimeout ?? 3_000, 1, MAX_TIMER),
    now: functionOption('now', options.now) ?? Date.now,
  }
}

const OPTION_NAMES: readonly (keyof LatchkeyOptions)[] = [
  'store',
  'environment',
  'prefix',
  'acceptPrefixes',
  'foreign',
  'realm',
  'scopes',
  'managementScopes',
  'hasher',
  'acceptHashers',
  'cache',
  'lastUsed',
  'maxLifetime',
  'maxOverlap',
  'maxTokensPerOwner',
  'retention',
  'purgeInterval',
  'credentials',
  'ownerScopes',
  'onAudit',
  'audit',
  'hostTimeout',
  'now',
]

function matches(pattern: RegExp, value: unknown): boolean {
  return typeof value === 'string' && pattern.test(value)
}

function readPrefixes(prefix: string, given: readonly string[] = []): readonly string[] {
  if (!Array.isArray(given)) throw optionError('acceptPrefixes', 'must be a list of prefixes')
  given.forEach((other: unknown, i) => {
    if (!isPrefix(other)) throw optionError(`acceptPrefixes[${i}]`, PREFIX_RULE)
    if (other === prefix || given.indexOf(other) < i) {
      throw optionError(
        `acceptPrefixes[${i}]`,
        `must not name ${other} again: a prefix stands once, and prefix not at all`,
      )
    }
  })
  return [...given]
}

/** What stands for management scopes that a host does not rename. */
const MANAGEMENT_SCOPES = { read: 'apiTokens.read', write: 'apiTokens.write', admin: 'apiTokens.admin' } as const

function readManagementScopes(given: Partial<ManagementScopes> = {}): ManagementScopes {
  assertKnownOptions('managementScopes', given, Object.keys(MANAGEMENT_SCOPES))
  const { read, write, admin } = { ...MANAGEMENT_SCOPES, ...compact(given) }
  for (const [name, scope] of Object.entries({ read, write, admin })) {
    if (!isPlainScope(scope)) throw optionError(`managementScopes.${name}`, 'must be a scope without a wildcard')
  }
  if (new Set([read, write, admin]).size < 3) throw optionError('managementScopes', 'must be three different scopes')
  return { read, write, admin }
}

function readScopes(
  given: Readonly<Record<string, string>> | undefined,
  { read, write, admin }: ManagementScopes,
): ReadonlyMap<string, string> | undefined {
  if (given === undefined) return undefined
  if (!isObject(given)) throw optionError('scopes', 'must be an object of descriptions by scope')
  for (const [name, description] of Object.entries(given)) {
    if (!isPlainScope(name)) throw optionError('scopes', `must not declare ${quoted(name)}: not a plain scope`)
    if (typeof description !== 'string')
      throw optionError(`scopes[${quoted(name)}]`, `must be a description, not ${quoted(description)}`)
  }
  return new Map([
    [read, 'Read API tokens'],
    [write, 'Write API tokens'],
    [admin, 'Administer the API tokens of all owners'],
    ...Object.entries(given),
  ])
}

function readHasher(place: string, hasher: Hasher): Hasher {
  if (typeof hasher?.verify !== 'function')
    throw optionError(place, `must be a hasher, such as argon2id(), not ${quoted(hasher)}`)
  return hasher
}

function readHashers(place: string, hashers: readonly Hasher[]): readonly Hasher[] {
  if (!Array.isArray(hashers)) throw optionError(place, `must be a list of hashers, not ${quoted(hashers)}`)
  return hashers.map((hasher: Hasher, i) => readHasher(`${place}[${i}]`, hasher))
}

function readCredentials(given: readonly CredentialSource[]): readonly CredentialSource[] {
  const valid = Array.isArray(given) && given.length > 0 && given.every((source) => SOURCES.includes(source))
  if (!valid) throw optionError('credentials', `must be a list of ${SOURCES.join(', ')}`)
  return [...given]
}

function optionalInteger(place: string, value: number | undefined, min: number, max: number): number | undefined {
  return value === undefined ? undefined : integerOption(place, value, min, max)
}
