import { useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Field } from './form'
import { pages } from './list'
import { LookUp } from './look-up'
import { canRevokeMatching } from './revoke-dialog'
import { capabilities } from './session'
import { dialog } from './state'
import { clearFilters, type Filters, filters, isFiltered, setFilters } from './view'

/** A request for each letter would be one too many. */
const TYPING_MS = 250

/** What narrows the list. */
export function FilterBar() {
  const { scope, status, used } = filters.value
  const isPersonal = capabilities.value?.personal === true
  const select = (
    label: string,
    member: keyof Filters,
    value: string,
    options: readonly (readonly [string, string])[],
  ) => (
    <Field label={label}>
      {(control) => (
        <select {...control} value={value} onInput={(event) => setFilters({ [member]: event.currentTarget.value })}>
          {options.map(([each, text]) => (
            <option key={each} value={each}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
  return (
    <search class="filters">
      {!isPersonal && <OwnerFilter />}
      {select('Scope', 'scope', scope, [['', 'Any'], ...knownScopes(scope).map((each) => [each, each] as const)])}
      {select('Status', 'status', status, [
        ['', 'Any'],
        ['active', 'Active'],
        ['disabled', 'Disabled'],
        ['expired', 'Expired'],
      ])}
      {select('Last used', 'used', used, [
        ['', 'Any time'],
        ['last-7d', 'In the last 7 days'],
        ['not-30d', 'Not in 30 days'],
        ['not-90d', 'Not in 90 days'],
        ['not-365d', 'Not in a year'],
      ])}
      <LookUp />
      {isFiltered.value && (
        <div class="buttons">
          <button type="button" class="button" onClick={clearFilters}>
            Clear filters
          </button>
          {canRevokeMatching() && (
            <button
              type="button"
              class="button danger-quiet"
              onClick={() => {
                dialog.value = { kind: 'revoke' }
              }}
            >
              Revoke matching tokens
            </button>
          )}
        </div>
      )}
    </search>
  )
}

function OwnerFilter() {
  const text = useSignal(filters.peek().owner)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  // The address, or the button that clears the filters, changes it too.
  useSignalEffect(() => {
    const { owner } = filters.value
    if (text.peek().trim() !== owner) text.value = owner
  })
  useEffect(() => () => clearTimeout(timer.current), [])

  function apply(): void {
    clearTimeout(timer.current)
    const owner = text.peek().trim()
    if (owner !== filters.peek().owner) setFilters({ owner })
  }

  return (
    <Field label="Owner">
      {(control) => (
        <input
          {...control}
          type="text"
          spellcheck={false}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value
            clearTimeout(timer.current)
            timer.current = setTimeout(apply, TYPING_MS)
          }}
          onBlur={apply}
          onKeyDown={(event) => {
            if (event.key === 'Enter') apply()
          }}
        />
      )}
    </Field>
  )
}

/** Those that the caller may grant, and those that tokens of the list hold. */
function knownScopes(current: string): readonly string[] {
  const granted = capabilities.value?.scopes.map(({ scope }) => scope) ?? []
  const held = pages.value.flatMap((page) => page.flatMap(({ scopes }) => scopes))
  return [...new Set([...granted, ...held, ...(current === '' ? [] : [current])])].toSorted((a, b) => (a < b ? -1 : 1))
}
