import { compact } from '../compact.js'
import { isConflict, optionError, quoted, type Violation } from '../errors.js'
import { assertKnownOptions, assertWatchOptions, booleanOption, isObject } from '../option-checks.js'
import type { EnvironmentStore } from '../store/token-store.js'
import type { TokenRecord } from '../types.js'
import { parseInput } from './check-input.js'
import type { ManageContext } from './context.js'
import { type ImportRow, readKey } from './import-row.js'

/** How an import is tried, watched and stopped. */
export interface ImportOptions {
  /** Writes nothing. The counts are those of an import that would be made now. Default `false`. */
  readonly dryRun?: boolean | undefined
  /** Called after each 1,000 rows and at the end, and waited for. What it throws stops the import. */
  readonly onProgress?: ((progress: ImportProgress) => void | Promise<void>) | undefined
  /** Stops it. Rows that are being written end first; then the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** What an import has done so far. */
export interface ImportProgress {
  readonly imported: number
  /** Keys that were there already. */
  readonly skipped: number
  readonly rejected: number
}

/** What an import has done. */
export interface ImportResult {
  readonly imported: number
  /** Keys that were there already. */
  readonly skipped: number
  /** Rows that break rules, by their position from 0. */
  readonly rejected: readonly RejectedRow[]
}

export interface RejectedRow {
  readonly row: number
  readonly violations: readonly Violation[]
}

/** Rows that are written at the same time: few enough for the few connections of a pool. */
const AT_ONCE = 25
const PROGRESS_EVERY = 1_000
/** How records are found: no request waits for them. */
const PATIENT = { patient: true }

type Rows = Iterable<ImportRow> | AsyncIterable<ImportRow>
type Outcome = 'imported' | 'skipped' | readonly Violation[]

/**
 * Takes keys of other systems over. Reads the rows one after another, so an import of any length takes little memory.
 * Rejects with a `TypeError` (`ERR_OPTION`) for misused options, and as the store does.
 */
export async function importTokens(
  context: ManageContext,
  rows: Rows,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const { dryRun, onProgress, signal } = readOptions(context, rows, options)
  return context.audit.run('import', undefined, async (trail) => {
    const store = await context.store()
    const rejected: RejectedRow[] = []
    const counts = { imported: 0, skipped: 0, rejected: 0 }
    trail.counts(counts)
    if (!dryRun) await trail.beforeWrite()
    let next = 0

    async function writeAll(batch: readonly ImportRow[]): Promise<void> {
      signal?.throwIfAborted()
      const settled = await Promise.allSettled(batch.map((row) => takeOver(context, store, row, dryRun)))
      const failed = settled.find((outcome) => outcome.status === 'rejected')
      for (const outcome of settled) {
        const row = next++
        if (outcome.status === 'rejected') continue
        const violations = typeof outcome.value === 'string' ? undefined : outcome.value
        if (violations !== undefined) rejected.push({ row, violations })
        counts[typeof outcome.value === 'string' ? outcome.value : 'rejected']++
      }
      if (failed !== undefined) throw failed.reason
      if (next % PROGRESS_EVERY === 0) await onProgress?.({ ...counts })
    }

    let batch: ImportRow[] = []
    for await (const row of rows) {
      batch.push(row)
      if (batch.length < AT_ONCE) continue
      await writeAll(batch)
      batch = []
    }
    await writeAll(batch)
    await onProgress?.({ ...counts })
    return { ...counts, rejected }
  })
}

function readOptions({ foreign }: ManageContext, rows: unknown, options: ImportOptions): ImportOptions {
  assertKnownOptions('importTokens', options, ['dryRun', 'onProgress', 'signal'])
  const { dryRun = false, onProgress, signal } = options
  if (!isObject(rows) && !Array.isArray(rows)) {
    throw optionError('importTokens', `takes a list of rows, or an iterable of them, not ${quoted(rows)}`)
  }
  if (!(Symbol.iterator in rows || Symbol.asyncIterator in rows)) {
    throw optionError('importTokens', 'takes a list of rows, or an iterable of them, not one row')
  }
  if (foreign.all.length === 0) throw optionError('importTokens', 'needs the option foreign of createLatchkey')
  assertWatchOptions('importTokens', options)
  return { dryRun: booleanOption('importTokens.dryRun', dryRun), onProgress, signal }
}

async function takeOver(
  context: ManageContext,
  store: EnvironmentStore,
  row: ImportRow,
  dryRun: boolean | undefined,
): Promise<Outcome> {
  const checked = parseInput(context.schemas.importRow, row)
  if (!checked.ok) return checked.violations
  const key = readKey(context, checked.value)
  if (!key.ok) return key.violations
  const { locator, ...secret } = key.value
  const { name, owner, scopes, networks, resources, metadata, expiresAt, lastUsedAt, ...rest } = checked.value
  const ids = await context.foreignIds(key.value)
  const record: TokenRecord = compact({
    id: ids[0] ?? '',
    name,
    owner,
    personal: rest.personal ?? false,
    enabled: rest.enabled ?? true,
    scopes,
    networks: networks ?? [],
    resources: resources ?? [],
    metadata,
    version: 1,
    createdAt: rest.createdAt ?? context.now(),
    createdBy: { kind: 'host' } as const,
    expiresAt,
    lastUsedAt,
    secrets: [compact({ gen: 1, ...secret, lastUsedAt })],
    retired: [],
  })
  if (dryRun && !(await exists(store, ids))) return 'imported'
  if (!dryRun && (await insert(context, store, record))) return 'imported'
  return compareStored(store, ids, secret.tag)
}

async function exists(store: EnvironmentStore, ids: readonly string[]): Promise<boolean> {
  for (const id of ids) if ((await store.find(id, PATIENT)) !== undefined) return true
  return false
}

/** Resolves to `false` if the id is taken. */
async function insert({ loader }: ManageContext, store: EnvironmentStore, record: TokenRecord): Promise<boolean> {
  try {
    await store.insert(record)
    return true
  } catch (error) {
    if (!isConflict(error)) throw error
    return false
  } finally {
    // A request may have presented the key before it was imported.
    loader.invalidate([record.id])
  }
}

/** The id is taken: by this key, or by another one that has the same name. A slow hash cannot tell the two apart. */
async function compareStored(store: EnvironmentStore, ids: readonly string[], tag: string): Promise<Outcome> {
  for (const id of ids) {
    const record = await store.find(id, PATIENT)
    if (record === undefined) continue
    const tags = [...record.secrets.map((secret) => secret.tag), ...record.retired]
    if (tag === '' || tags.includes(tag) || tags.includes('')) return 'skipped'
    return [{ path: 'id', message: 'Another key of this id was imported before.' }]
  }
  return [{ path: '', message: 'The key is there under a prefix that is not in acceptPrefixes.' }]
}
