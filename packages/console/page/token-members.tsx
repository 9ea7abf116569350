import type { ComponentChildren } from 'preact'
import { actorName, ago, exactTime, lastUseTitle } from './format'
import { capabilities } from './session'
import type { Token } from './types'
import { showTokensOf } from './view'

/** All that is known of a token. */
export function Members({ token }: { readonly token: Token }) {
  const { createdBy, modifiedAt, modifiedBy, rotatedAt, lastUsedAt, lastUsedIp, expiresAt, format, metadata } = token
  return (
    <dl class="members">
      <Member name="Id">
        <code>{token.id}</code>
      </Member>
      <Member name="Owner">
        <bdi>{token.owner}</bdi>{' '}
        {capabilities.value?.personal === false && capabilities.value.may.read && (
          <button type="button" class="link" onClick={() => showTokensOf(token.owner)}>
            All tokens of this owner
          </button>
        )}
      </Member>
      <Member name="Scopes">
        <ul>
          {token.scopes.map((scope) => (
            <li key={scope}>
              <code>{scope}</code> <span class="muted">{meaningOf(scope)}</span>
            </li>
          ))}
        </ul>
      </Member>
      <Member name="Expires">{expiresAt === undefined ? 'Never' : <Time at={expiresAt} />}</Member>
      <Member name="Last used">
        {lastUsedAt === undefined ? 'Never' : <Time at={lastUsedAt} title={lastUseTitle(token)} />}
        {lastUsedIp !== undefined && <div class="muted">from {lastUsedIp}</div>}
      </Member>
      <Member name="Allowed networks">{listOr(token.networks, 'Every address')}</Member>
      <Member name="Resources">{listOr(token.resources, 'All')}</Member>
      {format !== undefined && <Member name="Format">{format}</Member>}
      <Member name="Created">
        <Time at={token.createdAt} />
        {createdBy && <div class="muted">by {actorName(createdBy)}</div>}
      </Member>
      {modifiedAt !== undefined && (
        <Member name="Changed">
          <Time at={modifiedAt} />
          {modifiedBy && <div class="muted">by {actorName(modifiedBy)}</div>}
        </Member>
      )}
      {rotatedAt !== undefined && (
        <Member name="Rotated">
          <Time at={rotatedAt} />
        </Member>
      )}
      {metadata !== undefined && (
        <Member name="Metadata">
          <code>{JSON.stringify(metadata)}</code>
        </Member>
      )}
    </dl>
  )
}

/** What a scope lets in, as far as the routes say it. */
function meaningOf(scope: string): string {
  if (scope === '*') return 'Everything'
  if (scope.endsWith('.*')) return `All that begin with ${scope.slice(0, -1)}`
  return capabilities.value?.scopes.find((each) => each.scope === scope)?.description ?? ''
}

function Member({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

function Time({ at, title }: { readonly at: string; readonly title?: string }) {
  return (
    <time dateTime={at} title={title ?? exactTime(at)}>
      {ago(at)} <span class="muted">({exactTime(at)})</span>
    </time>
  )
}

function listOr(items: readonly string[], none: string) {
  if (items.length === 0) return none
  return (
    <ul>
      {items.map((item) => (
        <li key={item}>
          <code>{item}</code>
        </li>
      ))}
    </ul>
  )
}
