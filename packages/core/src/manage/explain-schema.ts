import { z } from 'zod'
import { quoted } from '../errors.js'
import { isPlainScope } from '../policy/scopes.js'
import type { CheckedExplain } from './inputs.js'

const MAX_ASKED = 100

const string = z.string({ error: ({ input }) => `Must be a string, not ${quoted(input)}.` })

/** The scopes that a route asks for, which are plain. */
const scope = z
  .string({ error: ({ input }) => `A scope must be a string, not ${quoted(input)}.` })
  .refine(isPlainScope, {
    error: ({ input }) => `A route asks for scopes without wildcards, not for ${quoted(input)}.`,
  })

const scopes = z
  .array(scope, { error: ({ input }) => `The scopes must be a list of strings, not ${quoted(input)}.` })
  .max(MAX_ASKED, `At most ${MAX_ASKED} scopes are allowed.`)

/** Texts that are no resources are denied by the explanation, as a guard denies them. */
const resources = z.union(
  [z.array(z.string()).max(MAX_ASKED, `At most ${MAX_ASKED} resources are allowed.`), z.literal('any')],
  { error: ({ input }) => `The resources must be a list of strings, or 'any', not ${quoted(input)}.` },
)

/** The body of `explain`: either an id or a token, and the request to judge. */
export const explainSchema = z
  .strictObject(
    {
      id: string.nullish(),
      token: string.nullish(),
      ip: string.nullish(),
      scopes: scopes.nullish(),
      resources: resources.nullish(),
    },
    { error: 'Must be an object.' },
  )
  .refine(({ id, token }) => (typeof id === 'string') !== (typeof token === 'string'), {
    error: 'Either id or token is needed, and not both.',
  }) as unknown as z.ZodType<CheckedExplain>
