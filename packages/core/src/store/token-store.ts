import type { StoreError } from '../errors.js'
import type { Actor, StoredSecret, TokenRecord, TokenUse } from '../types.js'

/**
 * Keeps tokens. A store holds records and indexes. It does no hashing, reads no clock, knows no policy, and makes no
 * cursors. Each MUST is a named case of the store contract in `@latchkey/testkit`, unless it is marked
 * (not in the contract).
 *
 * Failures: a store that cannot answer rejects with `StoreError` (`ERR_STORE`) within a bounded time. It never answers
 * "unknown" or "empty" instead. The same holds if the data underneath are not those that were opened.
 */
export interface TokenStore {
  /**
   * Opens the keyspace of one environment, creating it if needed.
   * - MUST make it with `options.sealingKey` if that is given and this call creates it, and keep the key of one that is
   *   there.
   * - MUST reject with `ERR_STORE`, creating nothing, if it is not there and `options.create` is `false`.
   * - MUST keep environments disjoint: nothing done in one is seen in another.
   * - MUST give the same `dataset` and `sealingKey` on every connection, also when first opened by several at once.
   */
  open(environment: string, options?: OpenOptions): Promise<EnvironmentStore>
  /**
   * Releases connections and timers of all environments. Safe to call twice. Calls after it reject with `ERR_STORE`.
   */
  close(): Promise<void>
}

/** How an environment is opened. */
export interface OpenOptions {
  /** The sealing key of the environment that is moved here: 32 bytes. Default: random ones. */
  sealingKey?: Uint8Array | undefined
  /** Whether an environment that is not there is created. Default `true`. */
  create?: boolean | undefined
}

/** The tokens of one environment. Safe for concurrent use by any number of connections and processes. */
export interface EnvironmentStore {
  /** A UUID that was made with the keyspace. Another value means other data. */
  readonly dataset: string
  /**
   * 32 random bytes that were made with the keyspace, the same on all nodes. Cursors are sealed with them, and the ids
   * of foreign keys are made with them.
   */
  readonly sealingKey: Uint8Array

  /**
   * Asks the source of truth for a sign of life. A store of several parts asks each of them.
   * - MUST reject with `ERR_STORE` while the store cannot answer, or holds another data set than was opened (not in the
   *   contract).
   */
  ping(): Promise<void>

  /**
   * Stores a new record, all of its members as given.
   * - MUST reject with `ERR_CONFLICT`, changing nothing, if the public part of the id exists, under any prefix.
   * - MUST let exactly one of N racing inserts of one id succeed.
   */
  insert(record: TokenRecord): Promise<void>

  /**
   * The record with this id, also a disabled or expired one, or `undefined`.
   * - MUST return a fresh copy: changing it changes nothing stored.
   * - MUST reflect every write acknowledged before the call, by anyone.
   * - MUST NOT find a public part under another prefix.
   * - MUST take one round trip (not in the contract).
   * - MUST reject with `ERR_STORE` if the record is damaged (not in the contract).
   * - With `options.patient`, it waits as long as a write.
   */
  find(id: string, options?: FindOptions): Promise<TokenRecord | undefined>

  /**
   * Applies a patch if the record still has `expectedVersion`, and returns the new record.
   * - MUST be atomic and add one to `version`.
   * - MUST resolve to `undefined` if the record is gone, and reject with `ERR_CONFLICT` if its version is another.
   * - MUST let exactly one of N racing updates at one version succeed.
   * - MUST keep members that the patch does not name, and remove those it names with `null`.
   * - MUST keep the last use: the token's own, and that of every secret whose `gen` remains.
   */
  update(id: string, patch: TokenPatch, expectedVersion: number): Promise<TokenRecord | undefined>

  /**
   * Removes a record for good. With `expectedVersion`, it rejects with `ERR_CONFLICT` if the record has another
   * version.
   * - MUST resolve to `true` for exactly one of N racing callers, to `false` if there is none.
   * - MUST remove a damaged record if no version is expected (not in the contract).
   */
  remove(id: string, expectedVersion?: number): Promise<boolean>

  /**
   * One page of the records that match, in order.
   * - MUST order as asked: by code points for names; never used and never modified as the oldest; never expiring as
   *   the latest; ties in a fixed order of the store's own, reversed with the direction.
   * - MUST resume exactly behind `after`, also when the record it points at is gone, so that a walk skips and repeats
   *   none of the records that stay (exempt: those whose own sort value changed meanwhile).
   * - MUST return `next` if and only if more follow; the last page has none.
   * - MUST return the exact `totalCount` of the filter when `count` is true, and none otherwise.
   * - MUST NOT begin another step once `options.signal` is aborted, and reject with its reason if the page is not there
   *   yet.
   *   Other calls MUST NOT notice.
   * - MUST leave out a damaged record, and name it in `damaged` (not in the contract).
   */
  list(query: ListQuery, options?: ListOptions): Promise<ListPage>

  /**
   * Records last uses. They come in any order, also repeatedly.
   * - MUST only move a last use forward: an older `at` changes nothing. The address is that of the newest use: one
   *   without
   *   an address clears the older.
   * - MUST touch no other member, and never `version`.
   * - MUST keep a secret's last use only if its `gen` is there; the token's own moves in any case.
   * - MUST never bring a removed record back.
   */
  touch(uses: readonly TokenUse[]): Promise<void>

  /**
   * Removes the records with `expiresAt` before the given time, and resolves to their ids.
   * - MUST name each removed record to exactly one of N racing callers.
   * - MUST keep those that never expire, and those that expire later, also when they were changed meanwhile.
   * - MUST NOT fail because one of them is damaged (not in the contract). That one may stay.
   */
  purge(expiredBefore: number): Promise<readonly string[]>

  /**
   * Calls the listener for every change until the returned function is called. It owes every change that is
   * acknowledged
   * after it resolved, rejects if it cannot begin, and reconnects by itself afterwards.
   * - MUST deliver the id of every insert, update, remove and purge, by anyone, within 1 s of its acknowledgement.
   *   Touches are no changes.
   * - MUST send `reset` when it may have missed any, `lagging` when it loses its source, and `live` when it has it
   *   again
   *   (not in the contract).
   * - MUST NOT deliver events of other environments.
   */
  watch(listener: ChangeListener): Promise<Unwatch>
}

/** How `find` is called. */
export interface FindOptions {
  /** The read is a step of long work, which rather waits than fails. No request waits for it. */
  patient?: boolean | undefined
}

/** What an update may change. `null` removes an optional member. */
export interface TokenPatch {
  name?: string
  enabled?: boolean
  scopes?: string[]
  networks?: string[]
  resources?: string[]
  metadata?: Record<string, unknown> | null
  expiresAt?: number | null
  modifiedAt?: number | null
  modifiedBy?: Actor | null
  rotatedAt?: number | null
  /** The whole new list. Last uses in it are ignored: the store keeps those of the generations that remain. */
  secrets?: Pick<StoredSecret, 'gen' | 'hash' | 'tag' | 'until' | 'format'>[]
  retired?: string[]
}

/** Which records are listed: those that match every member. Empty: all. */
export interface ListFilter {
  /** Exact and case-sensitive. */
  owner?: string
  personal?: boolean
  enabled?: boolean
  /** Records that hold any one of these literal strings; wildcards are not expanded. Not empty. */
  scopes?: readonly string[]
  /** Of the last use. A token never used is in no range. */
  lastUsed?: TimeRange
  /** Of the expiry. A token that never expires is in no range. */
  expires?: TimeRange
  created?: TimeRange
  /** Tokens whose last use, or else whose creation, lies before this time, which is excluded. */
  unusedSince?: number
}

/** Times in epoch milliseconds: whole numbers, both included. One that is absent is no bound. */
export interface TimeRange {
  from?: number
  to?: number
}

/** The member that records are sorted by. */
export type SortKey = 'name' | 'lastUsedAt' | 'createdAt' | 'expiresAt' | 'modifiedAt'

/** The order of a list. */
export interface ListSort {
  by: SortKey
  direction: 'asc' | 'desc'
}

/** What `list` is asked for. */
export interface ListQuery {
  filter: ListFilter
  sort: ListSort
  /** A `next` of an earlier page of the same filter and sort. Absent: from the start. */
  after?: string
  /** 1 to 10,000. */
  limit: number
  /** Whether `totalCount` is wanted. */
  count: boolean
}

/** How `list` is called. */
export interface ListOptions {
  /** Aborted when nobody waits for the page any more. */
  signal?: AbortSignal | undefined
}

/** What `list` resolves to. */
export interface ListPage {
  /**
   * Iterated at most once, in chunks, some time after `list` has resolved, or never: so it must hold nothing that needs
   * to be released. A step takes microseconds. One that fails throws `StoreError`.
   * - MUST show the page as it was when `list` resolved: later writes and touches change nothing in it.
   */
  records: Iterable<TokenRecord>
  /**
   * An error for each record that is damaged and was left out, which names it and shows nothing else of it. Complete
   * when the records have been read.
   */
  damaged?: readonly StoreError[]
  /** The store's own, opaque position behind the last record. */
  next?: string
  /** Only if `count` was true. */
  totalCount?: number
}

/**
 * The ids of changed records, or a state of the watch. `reset`: forget everything, since changes may have been missed.
 * `lagging`: changes may arrive late from now on. `live`: they arrive in time again.
 */
export type ChangeEvent = { readonly ids: readonly string[] } | 'reset' | 'lagging' | 'live'
/** Must return soon and must not throw. */
export type ChangeListener = (event: ChangeEvent) => void
/** Ends a watch. Once it resolves, the listener is not called any more. */
export type Unwatch = () => Promise<void>
