import { type Signal, useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import type { ApiError } from './api'
import { defaultExpiry, type Expiry, ExpiryField, expiryInput } from './expiry-field'
import { errorsOf, Field } from './form'
import { isExpired } from './format'
import { ScopePicker } from './scope-picker'
import { capabilities } from './session'
import type { GrantableScope, Token } from './types'

/** What is typed into the fields that creation and editing have in common. */
export interface TokenDraft {
  readonly name: Signal<string>
  readonly scopes: Signal<readonly string[]>
  readonly otherScopes: Signal<string>
  readonly expiry: Signal<Expiry>
  readonly networks: Signal<string>
  readonly resources: Signal<string>
}

export function useDraft(token?: Token): TokenDraft {
  return {
    name: useSignal(token?.name ?? ''),
    scopes: useSignal(token?.scopes ?? []),
    otherScopes: useSignal(''),
    expiry: useSignal(token === undefined ? defaultExpiry() : { choice: 'keep', date: '' }),
    networks: useSignal((token?.networks ?? boundTo('networks')).join('\n')),
    resources: useSignal((token?.resources ?? boundTo('resources')).join('\n')),
  }
}

/** What a bound caller creates is bound as well. */
function boundTo(member: 'networks' | 'resources'): readonly string[] {
  return capabilities.peek()?.[member] ?? []
}

export function linesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function chosenScopes({ scopes, otherScopes }: TokenDraft): readonly string[] {
  return [...new Set([...scopes.value, ...linesOf(otherScopes.value.replaceAll(',', '\n'))])]
}

/** The body of a creation. */
export function creationInput(draft: TokenDraft): Record<string, unknown> {
  const networks = linesOf(draft.networks.value)
  const resources = linesOf(draft.resources.value)
  const expiresAt = expiryInput(draft.expiry.value)
  return {
    name: draft.name.value,
    scopes: chosenScopes(draft),
    ...(typeof expiresAt === 'string' && { expiresAt }),
    ...(networks.length > 0 && { networks }),
    ...(resources.length > 0 && { resources }),
  }
}

/** The members that differ from those of the token. */
export function changesInput(draft: TokenDraft, token: Token): Record<string, unknown> {
  const scopes = chosenScopes(draft)
  const networks = linesOf(draft.networks.value)
  const resources = linesOf(draft.resources.value)
  const expiresAt = expiryInput(draft.expiry.value)
  return {
    ...(draft.name.value !== token.name && { name: draft.name.value }),
    ...(!isSameList(scopes, token.scopes) && { scopes }),
    ...(!isSameList(networks, token.networks) && { networks }),
    ...(!isSameList(resources, token.resources) && { resources }),
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

/** Brings what somebody else has saved into a draft, and keeps what was changed in it. */
export function rebaseDraft(draft: TokenDraft, before: Token, after: Token): void {
  if (draft.name.peek() === before.name) draft.name.value = after.name
  draft.scopes.value = mergeLists(draft.scopes.peek(), before.scopes, after.scopes)
  for (const member of ['networks', 'resources'] as const) {
    draft[member].value = mergeLists(linesOf(draft[member].peek()), before[member], after[member]).join('\n')
  }
}

/** What both have left in, and what either has added. */
function mergeLists(mine: readonly string[], before: readonly string[], theirs: readonly string[]): readonly string[] {
  const kept = theirs.filter((item) => mine.includes(item) || !before.includes(item))
  return [...kept, ...mine.filter((item) => !before.includes(item) && !theirs.includes(item))]
}

export const FIELD_MEMBERS = ['name', 'scopes', 'expiresAt', 'networks', 'resources', 'owner', 'personal']

/** The fields. `token`: the one that is edited. `children` stand behind the name. */
export function TokenFields({
  draft,
  error,
  token,
  children,
}: {
  readonly draft: TokenDraft
  readonly error: ApiError | undefined
  readonly token?: Token
  readonly children?: ComponentChildren
}) {
  const { scopes = [], usesResources = false } = capabilities.value ?? {}
  const hasWildcard = scopes.some(({ scope }) => scope.includes('*'))
  const chosen = chosenScopes(draft)
  const isOther = (index: number) => index >= draft.scopes.value.length
  return (
    <>
      <Field label="Name" errors={errorsOf(error, 'name')} hint="What uses it, such as “Nightly backup”.">
        {(control) => (
          <input
            {...control}
            type="text"
            autofocus
            value={draft.name.value}
            onInput={(event) => {
              draft.name.value = event.currentTarget.value
            }}
          />
        )}
      </Field>
      {children}
      <ScopePicker
        scopes={withHeld(scopes, token?.scopes ?? [])}
        selected={draft.scopes}
        errors={errorsOf(error, 'scopes', chosen, (index) => !isOther(index))}
      />
      {hasWildcard && (
        <Field
          label="Other scopes"
          errors={errorsOf(error, 'scopes', chosen, isOther)}
          hint="One a line, within those that you have."
        >
          {(control) => <Lines control={control} value={draft.otherScopes} />}
        </Field>
      )}
      {!(token !== undefined && isExpired(token)) && (
        <ExpiryField
          value={draft.expiry}
          errors={errorsOf(error, 'expiresAt')}
          {...(token !== undefined && { current: { expiresAt: token.expiresAt } })}
        />
      )}
      <Field
        label="Allowed networks"
        errors={errorsOf(error, 'networks', linesOf(draft.networks.value))}
        hint="One block a line, such as 203.0.113.0/24. Leave it empty to allow every address."
      >
        {(control) => <Lines control={control} value={draft.networks} />}
      </Field>
      {(usesResources || (token?.resources.length ?? 0) > 0) && (
        <Field
          label="Resources"
          errors={errorsOf(error, 'resources', linesOf(draft.resources.value))}
          hint="One a line, such as project:1 or project:*. Leave it empty for all."
        >
          {(control) => <Lines control={control} value={draft.resources} />}
        </Field>
      )}
    </>
  )
}

function Lines({ control, value }: { readonly control: object; readonly value: Signal<string> }) {
  return (
    <textarea
      {...control}
      rows={2}
      spellcheck={false}
      value={value.value}
      onInput={(event) => {
        value.value = event.currentTarget.value
      }}
    />
  )
}

/** A token may hold scopes that its editor could not grant. It may keep them. */
function withHeld(grantable: readonly GrantableScope[], held: readonly string[]): readonly GrantableScope[] {
  const missing = held.filter((scope) => !grantable.some((each) => each.scope === scope))
  return [...grantable, ...missing.map((scope) => ({ scope, description: '' }))]
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item))
}
