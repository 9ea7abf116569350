import type { Signal } from '@preact/signals'
import { now } from './api'
import { Field } from './form'
import { DAY, exactTime, MINUTE } from './format'
import { capabilities } from './session'

/** A choice of days, `date`, `never`, or, for a token that is there, `keep`. */
export interface Expiry {
  readonly choice: string
  /** Local, as the field of the browser gives it. */
  readonly date: string
}

const DAYS: readonly (readonly [days: number, label: string])[] = [
  [7, '7 days'],
  [30, '30 days'],
  [90, '90 days'],
  [365, '1 year'],
]

/** The latest expiry that the host and the caller allow, in ms. */
function latestExpiry(): number {
  const { maxLifetime, expiresAt } = capabilities.value ?? {}
  const byHost = maxLifetime === undefined ? Number.POSITIVE_INFINITY : now() + maxLifetime
  return expiresAt === undefined ? byHost : Math.min(byHost, Date.parse(expiresAt))
}

function allowedDays() {
  const { maxLifetime = Number.POSITIVE_INFINITY, expiresAt } = capabilities.value ?? {}
  const left = expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) - now()
  return DAYS.filter(([days]) => days * DAY <= maxLifetime && days * DAY <= left)
}

/** 90 days, else the longest that is allowed. */
export function defaultExpiry(): Expiry {
  const allowed = allowedDays().filter(([days]) => days <= 90)
  const [days] = allowed.at(-1) ?? []
  return days === undefined
    ? { choice: 'date', date: localTime(latestExpiry() - MINUTE) }
    : { choice: String(days), date: '' }
}

/** The member `expiresAt` of a body: `undefined` changes nothing, `null` means never. */
export function expiryInput({ choice, date }: Expiry): string | null | undefined {
  if (choice === 'keep') return undefined
  if (choice === 'never') return null
  if (choice !== 'date') return `now+${choice}d`
  const time = new Date(date)
  return Number.isNaN(time.getTime()) ? date : time.toISOString()
}

/** `current`: the expiry of a token that is there; `undefined` for one that never expires; absent for a new one. */
export function ExpiryField({
  value,
  current,
  errors,
}: {
  readonly value: Signal<Expiry>
  readonly current?: { readonly expiresAt?: string | undefined }
  readonly errors: readonly string[]
}) {
  const { choice, date } = value.value
  const latest = latestExpiry()
  const isByDate = choice === 'date'
  const change = (changes: Partial<Expiry>) => {
    value.value = { ...value.peek(), ...changes }
  }
  const keptExpiry = current?.expiresAt
  const choose = (next: string) => {
    change({ choice: next, ...(next === 'date' && date === '' && { date: lastMinute(choice, keptExpiry) }) })
  }
  return (
    <div class="pair">
      <Field label="Expires" errors={isByDate ? [] : errors}>
        {(control) => (
          <select {...control} value={choice} onInput={(event) => choose(event.currentTarget.value)}>
            {current !== undefined && (
              <option value="keep">
                {keptExpiry === undefined ? 'As now: never' : `As now: ${exactTime(keptExpiry)}`}
              </option>
            )}
            {allowedDays().map(([days, label]) => (
              <option key={days} value={String(days)}>
                {label}
              </option>
            ))}
            <option value="date">On a date</option>
            {latest === Number.POSITIVE_INFINITY && <option value="never">Never</option>}
          </select>
        )}
      </Field>
      {isByDate && (
        <Field
          label="Date and time"
          errors={errors.length > 0 && date === '' ? ['Enter a date and a time.'] : errors}
          hint={dateHint(date) + latestHint(latest)}
        >
          {(control) => (
            <input
              {...control}
              type="datetime-local"
              min={localTime(now())}
              max={Number.isFinite(latest) ? localTime(latest) : undefined}
              value={date}
              onInput={(event) => change({ date: event.currentTarget.value })}
            />
          )}
        </Field>
      )}
    </div>
  )
}

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone

/** The date in words: browsers write months and days in either order. */
function dateHint(date: string): string {
  const time = new Date(date)
  return Number.isNaN(time.getTime()) ? `In your time zone, ${ZONE}.` : `Until ${exactTime(time.toISOString())}.`
}

function latestHint(latest: number): string {
  return Number.isFinite(latest) ? ` At the latest ${exactTime(new Date(latest).toISOString())}.` : ''
}

/** A date to begin with: the last minute of the day on which the choice before would end the token. */
function lastMinute(choice: string, kept: string | undefined): string {
  const days = DAYS.find(([each]) => String(each) === choice)?.[0] ?? 90
  const time = choice === 'keep' && kept !== undefined ? Date.parse(kept) : now() + days * DAY
  return localTime(Math.min(new Date(time).setHours(23, 59, 0, 0), latestExpiry() - MINUTE))
}

/** As `datetime-local` wants it, to the minute. */
function localTime(time: number): string {
  const local = new Date(time - new Date(time).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16)
}
