import { z } from 'zod'
import { quoted, shown } from '../errors.js'
import { isObject } from '../option-checks.js'
import type { Result } from '../result.js'
import { checkMetadata } from './metadata.js'

/** Runs a check even if others have failed, so that every violation is reported at once. */
const ALWAYS = { when: () => true }

export const flag = z.boolean({ error: ({ input }) => `Must be true or false, not ${quoted(input)}.` })

/** An object with these members and no others. */
export function object<T>(shape: z.ZodRawShape): z.ZodType<T> {
  return z.strictObject(shape, { error: 'Must be an object.' }) as unknown as z.ZodType<T>
}

/** `what`: begins the sentence for a value that is no text. */
export function text(what: string) {
  return z.string({ error: ({ input }) => `${what} must be a string, not ${quoted(input)}.` })
}

/** A text that `parse` can read. */
export function parsedText(what: string, parse: (text: string) => Result<unknown>) {
  return text(what).superRefine((value, context) => {
    const read = parse(value)
    if (!read.ok) context.addIssue(read.error)
  })
}

/**
 * Bounded in code points, well-formed, with something to see, and without characters that nobody sees. `blanks` around
 * it are trimmed, or refused where the text is compared with others: "ada " must not become "ada". The description has
 * no `maxLength`, which would count the blanks that are trimmed.
 */
export function nameText(what: string, max: number, blanks: 'trimmed' | 'exact'): z.ZodType<string, string> {
  return text(what)
    .transform((value) => (blanks === 'trimmed' ? value.trim() : value))
    .superRefine((value, context) => {
      if (value.trim() === '') context.addIssue(`${what} must not be empty.`)
      else if (value.trim() !== value) context.addIssue(`${what} must not begin or end with a blank.`)
      else if (value.length > 2 * max || [...value].length > max) {
        context.addIssue(`${what} has at most ${max} characters.`)
      } else if (!value.isWellFormed()) context.addIssue(`${what} must not contain lone surrogates.`)
      else {
        const unseen = unseenCharacter(value)
        if (unseen !== undefined) context.addIssue(`${what} must not contain ${unseen}.`)
        else if (!VISIBLE.test(value)) context.addIssue(`${what} must contain a character that can be seen.`)
      }
    })
    .meta({
      minLength: 1,
      description: `1 to ${max} characters${blanks === 'trimmed' ? ' after trimming' : ''}, none of them a control, format or invisible character.`,
    })
}

const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u
/** Control and format characters, separators of lines, fillers, other ignorable characters, and the blank Braille pattern. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u
/** The joiners that Persian, Indic scripts and emoji are written with, where there is something to join. */
const JOINERS = /(?<=[\p{L}\p{M}\p{N}\p{P}\p{S}])[\u200C\u200D](?=[\p{L}\p{M}\p{N}\p{P}\p{S}])/gu
/** What chooses between the text and the picture of a symbol. */
const VARIANTS = /(?<=[\p{Extended_Pictographic}#*0-9])[\uFE0E\uFE0F]/gu

/** The first character that could hide in a name, or turn it around, as words for a sentence. */
function unseenCharacter(value: string): string | undefined {
  const [found] = UNSEEN.exec(value.replace(JOINERS, '').replace(VARIANTS, '')) ?? []
  if (found === undefined) return undefined
  if (/\p{Cc}/u.test(found)) return 'control characters'
  return `format or invisible characters, such as U+${found.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`
}

/** At most `max` items. `what`: their name in the plural. */
export function listOf<Item extends z.ZodType>(item: Item, what: string, max: number) {
  return z
    .array(item, { error: ({ input }) => `The ${what} must be a list of strings, not ${quoted(input)}.` })
    .max(max, `At most ${max} ${what} are allowed.`)
}

/** Refuses an item that is listed twice. `key`: what equal items have in common. */
export function unique<List extends z.ZodType>(list: List, what: string, key = (item: string) => item): List {
  return list.superRefine((values: unknown, context) => {
    if (!Array.isArray(values)) return
    const seen = new Set<string>()
    for (const [index, value] of values.entries()) {
      if (typeof value !== 'string') continue
      const message = `${what} ${shown(value)} is listed twice.`
      if (seen.has(key(value))) context.addIssue({ code: 'custom', message, path: [index] })
      seen.add(key(value))
    }
  }, ALWAYS)
}

/** Not `z.record`, which silently drops a `__proto__` member. The value is a copy, which the caller cannot change. */
export const metadata = z
  .custom<Record<string, unknown>>(isObject, 'Must be an object.')
  .superRefine((value, context) => {
    const violation = checkMetadata(value)
    if (violation !== undefined) context.addIssue(violation)
  })
  .transform((value) => structuredClone(value))
  .meta({ type: 'object', description: 'At most 4 KiB as JSON.' })
