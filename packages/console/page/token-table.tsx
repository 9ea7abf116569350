import { computed } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { ago, exactTime, expiresSoon, isExpired, lastUseTitle, statusesOf } from './format'
import { isLoading, listError, loadMore, nextCursor, pages, reload, total } from './list'
import { capabilities, status } from './session'
import { openToken } from './state'
import type { Token } from './types'
import { ErrorNotice, Progress } from './ui'
import { isFiltered, openedId, setSort, sort } from './view'

/** Letters of scopes that fit into a cell. */
const SCOPES_WIDTH = 34

export function TokenTable() {
  const withOwner = capabilities.value?.personal === false
  const isEmpty = pages.value.every((page) => page.length === 0)
  return (
    <div class="card list">
      <ErrorNotice error={listError.value} retry={() => void (isEmpty ? reload() : loadMore())} />
      <div class="top-progress">
        <Progress when={isLoading.value} label="Loading" />
      </div>
      {isEmpty && !isLoading.value && listError.value === undefined && total.value !== undefined && <Empty />}
      <table role="table" aria-label="Tokens" class={withOwner ? 'with-owner' : ''}>
        <thead role="rowgroup">
          <tr role="row">
            <Header label="Name" member="name" />
            <Header label="Scopes" />
            {withOwner && <Header label="Owner" />}
            <Header label="Last used" member="lastUsedAt" isLatestFirst />
            <Header label="Expires" member="expiresAt" />
            <Header label="Status" />
          </tr>
        </thead>
        {pages.value.map((page, index) => (
          <Page key={index} tokens={page} withOwner={withOwner} />
        ))}
      </table>
      {nextCursor.value !== undefined && (
        <div class="more">
          <button type="button" class="button" aria-disabled={isLoading.value} onClick={() => void loadMore()}>
            Load more
          </button>
        </div>
      )}
    </div>
  )
}

function Empty() {
  if (status.value === 'signed-in' && capabilities.value?.may.read === false) {
    return <p class="empty">You may not list tokens here.</p>
  }
  if (isFiltered.value) return <p class="empty">No token matches these filters.</p>
  return (
    <div class="empty">
      <p>
        <strong>There are no tokens yet.</strong>
      </p>
      <p>
        A token lets a program call the API without a person: a script, a build, another service. Give each program a
        token of its own, with only the scopes that it needs.
      </p>
    </div>
  )
}

function Header({
  label,
  member,
  isLatestFirst = false,
}: {
  readonly label: string
  readonly member?: string
  readonly isLatestFirst?: boolean
}) {
  if (member === undefined) {
    return (
      <th role="columnheader" scope="col">
        {label}
      </th>
    )
  }
  const [first, second] = isLatestFirst ? [`-${member}`, member] : [member, `-${member}`]
  const by = sort.value
  const order = by === member ? 'ascending' : by === `-${member}` ? 'descending' : 'none'
  const following = by === first ? second : by === second ? '' : first
  return (
    <th role="columnheader" scope="col" aria-sort={order}>
      <button type="button" class="sort" onClick={() => setSort(following)}>
        {label}
      </button>
    </th>
  )
}

/** The rows of a page. Drawn again only if one of them changes, or is opened or closed. */
function Page({ tokens, withOwner }: { readonly tokens: readonly Token[]; readonly withOwner: boolean }) {
  const opened = useMemo(
    () => computed(() => (tokens.some(({ id }) => id === openedId.value) ? openedId.value : '')),
    [tokens],
  )
  return <tbody role="rowgroup">{tokens.map((token) => row(token, withOwner, token.id === opened.value))}</tbody>
}

/** No component of its own, since there may be thousands. */
function row(token: Token, withOwner: boolean, isOpen: boolean) {
  const { id, name, owner, personal, lastUsedAt, expiresAt } = token
  return (
    <tr role="row" key={id} class={isOpen ? 'is-open' : ''}>
      <td role="cell" class="cell-name">
        <button
          type="button"
          class="link"
          data-id={id}
          aria-expanded={isOpen}
          onClick={() => void openToken(id, token)}
        >
          <bdi>{name}</bdi>
        </button>
        <code>{id}</code>
      </td>
      <td role="cell" data-label="Scopes" class="cell-scopes">
        {scopesCell(token.scopes)}
      </td>
      {withOwner && (
        <td role="cell" data-label="Owner" class="cell-owner">
          <bdi>{owner}</bdi>
          {personal && <span class="tag">Personal</span>}
        </td>
      )}
      <td role="cell" data-label="Last used" title={lastUseTitle(token)}>
        {lastUsedAt === undefined ? <span class="muted">Never</span> : ago(lastUsedAt)}
      </td>
      <td role="cell" data-label="Expires" title={expiresAt && exactTime(expiresAt)}>
        {expiryCell(token)}
      </td>
      <td role="cell" data-label="Status">
        {statusesOf(token).map((each) => (
          <span key={each} class={`status status-${each.toLowerCase()}`}>
            {each}
          </span>
        ))}
      </td>
    </tr>
  )
}

function scopesCell(scopes: readonly string[]) {
  const shown: string[] = []
  for (const scope of scopes) {
    if (shown.length > 0 && [...shown, scope].join('  ').length > SCOPES_WIDTH) break
    shown.push(scope)
  }
  const hidden = scopes.length - shown.length
  return (
    <span class="scope-list" title={scopes.join(', ')}>
      {shown.map((scope) => (
        <code key={scope}>{scope}</code>
      ))}
      {hidden > 0 && <span class="muted">+{hidden}</span>}
    </span>
  )
}

function expiryCell(token: Token) {
  const { expiresAt } = token
  if (expiresAt === undefined) return <span class="muted">Never</span>
  if (isExpired(token)) return <span class="muted">{ago(expiresAt)}</span>
  return expiresSoon(token) ? <strong class="soon">{ago(expiresAt)}</strong> : ago(expiresAt)
}
