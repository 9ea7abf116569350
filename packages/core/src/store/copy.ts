import { isDeepStrictEqual } from 'node:util'
import { compact } from '../compact.js'
import { counted } from '../counted.js'
import { isConflict, optionError, quoted, StoreError } from '../errors.js'
import { assertKnownOptions, assertWatchOptions, booleanOption } from '../option-checks.js'
import type { StoredSecret, TokenRecord, TokenUse } from '../types.js'
import { chunksOf, settleAll } from './batches.js'
import { assertEnvironmentName } from './environments.js'
import { countTokens } from './filter.js'
import type { EnvironmentStore, TokenStore } from './token-store.js'

/** Which environment is copied, and how that is watched and stopped. */
export interface CopyOptions {
  /** Default `default`. */
  readonly environment?: string | undefined
  /** Removes the tokens of the target that the source does not have. Default `false`: then such tokens are an error. */
  readonly prune?: boolean | undefined
  /** Called after each 1,000 tokens and at the end, and waited for. What it throws stops the copy. */
  readonly onProgress?: ((progress: CopyProgress) => void | Promise<void>) | undefined
  /** Stops it. Writes under way end first; then the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** What a copy has done so far. */
export interface CopyProgress {
  readonly copied: number
  /** Tokens that were copied before and had changed since. */
  readonly updated: number
  /** Tokens that were copied before. Their last uses are brought up to date. */
  readonly unchanged: number
  readonly removed: number
  /** How many tokens the source had at the beginning. */
  readonly total: number
}

/** What a copy has done. */
export interface CopyResult extends CopyProgress {
  /** Names each record of the source that is damaged, and so was not copied. */
  readonly damaged: readonly string[]
}

/** Tokens that are read, and so held in memory, at a time. */
const BATCH_SIZE = 1_000
/** Writes at the same time: few enough for the few connections of a pool. */
const AT_ONCE = 25
/** How records are found: no request waits for them. */
const PATIENT = { patient: true }
/** Tokens that are compared at the end. */
const SAMPLE_SIZE = 100

/**
 * Copies all tokens of one environment from one store to another, with hashes, versions and last uses, and with the
 * sealing key, so that every token, foreign ones too, is valid there. Both stores may be read meanwhile. In the end it
 * compares the counts and a sample. Tokens that change during a copy may be missed: stop the writes and run it again,
 * which takes over what has changed since.
 *
 * Rejects with `StoreError`: with `ERR_CONFLICT` if the environment is in the target with a sealing key of its own, if
 * tokens were changed there, or if the two differ in the end, and with `ERR_STORE` as the stores do. Rejects with a
 * `TypeError` (`ERR_OPTION`) for misused options. Lists that were begun on the source cannot go on in the target.
 *
 * @example
 * const { copied } = await copyTokens(sqliteStore({ path: 'tokens.db' }), postgresStore({ client: nodePg(pool) }))
 */
export async function copyTokens(from: TokenStore, to: TokenStore, options: CopyOptions = {}): Promise<CopyResult> {
  const { environment, prune, onProgress, signal } = readOptions(from, to, options)
  const source = await from.open(environment, { create: false })
  const target = await to.open(environment, { sealingKey: source.sealingKey })
  if (!isDeepStrictEqual(Buffer.from(source.sealingKey), Buffer.from(target.sealingKey))) {
    throw conflict(
      `The environment ${environment} is in the target with a sealing key of its own: drop it there first.`,
    )
  }
  const damaged: string[] = []
  const sample = createSample()
  const progress = { copied: 0, updated: 0, unchanged: 0, removed: 0, total: await countTokens(source) }
  for await (const records of batchesOf(source, damaged, signal)) {
    for (const chunk of chunksOf(records, AT_ONCE)) {
      signal?.throwIfAborted()
      for (const outcome of await settleAll(chunk.map((record) => copyRecord(target, record)))) progress[outcome]++
    }
    for (const { id } of records) sample.add(id)
    await onProgress?.({ ...progress })
  }
  if (prune) progress.removed = await removeOthers(source, target, signal)
  await assertSame(source, target, sample.ids, damaged.length)
  await onProgress?.({ ...progress })
  return { ...progress, damaged }
}

function readOptions(from: TokenStore, to: TokenStore, options: CopyOptions) {
  assertKnownOptions('copyTokens', options, ['environment', 'prune', 'onProgress', 'signal'])
  const { environment = 'default', prune = false, onProgress, signal } = options
  for (const [name, store] of Object.entries({ from, to })) {
    if (typeof store?.open === 'function') continue
    throw optionError(`copyTokens ${name}`, `must be a token store, not ${quoted(store)}`)
  }
  if (from === to) throw optionError('copyTokens to', 'must be another store than the one that is copied')
  assertEnvironmentName(environment)
  assertWatchOptions('copyTokens', options)
  return { environment, prune: booleanOption('copyTokens.prune', prune), onProgress, signal }
}

/** All records, the oldest first: those that are created meanwhile come last. */
async function* batchesOf(
  store: EnvironmentStore,
  damaged: string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly TokenRecord[]> {
  const sort = { by: 'createdAt', direction: 'asc' } as const
  let after: string | undefined
  do {
    const page = await store.list(
      { filter: {}, sort, limit: BATCH_SIZE, count: false, ...compact({ after }) },
      { signal },
    )
    yield [...page.records]
    damaged.push(...(page.damaged ?? []).map(({ message }) => message))
    after = page.next
  } while (after !== undefined)
}

async function copyRecord(target: EnvironmentStore, record: TokenRecord): Promise<'copied' | 'updated' | 'unchanged'> {
  try {
    await target.insert(record)
    return 'copied'
  } catch (error) {
    if (!isConflict(error)) throw error
  }
  const known = await target.find(record.id, PATIENT)
  if (known === undefined) throw conflict(`The target has the token ${record.id} under another prefix.`)
  if (isDeepStrictEqual(withoutUses(known), withoutUses(record))) {
    await target.touch(usesOf(record))
    return 'unchanged'
  }
  if (known.version >= record.version) throw conflict(`The token ${record.id} was changed in the target.`)
  // An update would give it another version, and generations of secrets follow from that.
  await target.remove(record.id, known.version)
  await target.insert(record)
  return 'updated'
}

function withoutUses({ lastUsedAt, lastUsedIp, secrets, ...rest }: TokenRecord): object {
  return { ...rest, secrets: secrets.map(({ lastUsedAt: _at, lastUsedIp: _ip, ...secret }) => secret) }
}

/** The token's own last use may be that of a secret that is gone. No secret has the generation 0. */
function usesOf(record: TokenRecord): TokenUse[] {
  const { id } = record
  const use = (gen: number, { lastUsedAt, lastUsedIp }: Partial<StoredSecret>) =>
    lastUsedAt === undefined ? [] : [compact({ id, gen, at: lastUsedAt, ip: lastUsedIp })]
  return [...use(0, record), ...record.secrets.flatMap((secret) => use(secret.gen, secret))]
}

async function removeOthers(
  source: EnvironmentStore,
  target: EnvironmentStore,
  signal: AbortSignal | undefined,
): Promise<number> {
  let removed = 0
  for await (const records of batchesOf(target, [], signal)) {
    for (const chunk of chunksOf(records, AT_ONCE)) {
      signal?.throwIfAborted()
      const removals = chunk.map(async ({ id }) => (await source.find(id, PATIENT)) === undefined && target.remove(id))
      for (const isRemoved of await settleAll(removals)) if (isRemoved) removed++
    }
  }
  return removed
}

async function assertSame(
  source: EnvironmentStore,
  target: EnvironmentStore,
  ids: readonly string[],
  damaged: number,
): Promise<void> {
  const [wanted, found] = [(await countTokens(source)) - damaged, await countTokens(target)]
  if (wanted !== found) {
    const advice =
      found > wanted ? 'Copy again with prune: true, which removes what the source does not have' : 'Copy again'
    throw conflict(`The source has ${counted(wanted, 'token')} and the target ${found}. ${advice}.`)
  }
  for (const id of ids) {
    const [a, b] = await Promise.all([source.find(id, PATIENT), target.find(id, PATIENT)])
    if (isDeepStrictEqual(a && withoutUses(a), b && withoutUses(b))) continue
    throw conflict(`The token ${id} differs. It was changed meanwhile: copy again.`)
  }
}

/** This many of the ids, each with the same probability. */
function createSample(): { readonly ids: readonly string[]; add(id: string): void } {
  const ids: string[] = []
  let seen = 0
  return {
    ids,
    add(id) {
      const place = seen < SAMPLE_SIZE ? seen : Math.floor(Math.random() * (seen + 1))
      seen++
      if (place < SAMPLE_SIZE) ids[place] = id
    },
  }
}

function conflict(message: string): StoreError {
  return new StoreError('ERR_CONFLICT', message)
}
