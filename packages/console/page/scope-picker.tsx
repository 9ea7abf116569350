import { type Signal, useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { Field, TextInput, useNotes } from './form'
import type { GrantableScope } from './types'

/** With more, there is a field to find one. */
const MANY = 20

/** Scopes by their first part, in the order in which they came. */
function groupScopes(scopes: readonly GrantableScope[]): ReadonlyMap<string, readonly GrantableScope[]> {
  const groups = new Map<string, GrantableScope[]>()
  for (const each of scopes) {
    const dot = each.scope.indexOf('.')
    const name = dot < 0 ? 'General' : each.scope.slice(0, dot)
    groups.set(name, [...(groups.get(name) ?? []), each])
  }
  return groups
}

/** Checkboxes of the scopes that may be granted, and of those that are held already. */
export function ScopePicker({
  scopes,
  selected,
  errors,
}: {
  readonly scopes: readonly GrantableScope[]
  readonly selected: Signal<readonly string[]>
  readonly errors: readonly string[]
}) {
  const id = useId()
  const search = useSignal('')
  const wanted = search.value.trim().toLowerCase()
  const found = scopes.filter(({ scope, description }) => `${scope} ${description}`.toLowerCase().includes(wanted))
  const isNamed = ({ scope }: GrantableScope) => scope.toLowerCase().includes(wanted)
  const matching = [...found.filter(isNamed), ...found.filter((each) => !isNamed(each))]
  const chosen = selected.value
  const { attributes, notes, onInput } = useNotes(id, chosenHint(chosen), errors)

  function toggle(scope: string, isOn: boolean): void {
    selected.value = isOn ? [...chosen, scope] : chosen.filter((other) => other !== scope)
  }

  return (
    <fieldset class="field scopes" {...attributes}>
      <legend>Scopes</legend>
      {scopes.length > MANY && (
        <Field label="Find a scope">
          {(control) => (
            <TextInput
              {...control}
              value={search}
              onKeyDown={(event) => {
                if (event.key === 'Enter') event.preventDefault()
              }}
            />
          )}
        </Field>
      )}
      <div class="scope-groups" onInput={onInput}>
        <div class="scope-columns">
          {[...groupScopes(matching)].map(([name, members]) => (
            <fieldset key={name} class="scope-group">
              <legend>{name}</legend>
              {members.map(({ scope, description }) => (
                <label key={scope} class="check">
                  <input
                    type="checkbox"
                    checked={chosen.includes(scope)}
                    onInput={(event) => toggle(scope, event.currentTarget.checked)}
                  />
                  <span>
                    <code>{scope}</code> {description && <span class="muted">{description}</span>}
                  </span>
                </label>
              ))}
            </fieldset>
          ))}
        </div>
        {matching.length === 0 && <p class="muted">No scope has this in its name or description.</p>}
      </div>
      {notes}
    </fieldset>
  )
}

function chosenHint(chosen: readonly string[]) {
  if (chosen.length === 0) return 'None selected. Select only what the program needs.'
  return `${chosen.length} selected: ${chosen.join(', ')}`
}
