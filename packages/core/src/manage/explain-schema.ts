import { z } from 'zod'
import { quoted } from '../errors.js'
import { isPlainScope } from '../policy/scopes.js'
import type { CheckedExplain } from './inputs.js'
import { listOf, text } from './schema-parts.js'

const MAX_ASKED = 100

const string = z.string({ error: ({ input }) => `Must be a string, not ${quoted(input)}.` })

/** The scopes that a route asks for, which are plain. */
const scope = text('A scope').refine(isPlainScope, {
  error: ({ input }) => `A route asks for scopes without wildcards, not for ${quoted(input)}.`,
})

/** Texts that are no resources are denied by the explanation, as a guard denies them. */
const resources = z.union([listOf(z.string(), 'resources', MAX_ASKED), z.literal('any')], {
  error: ({ input }) => `The resources must be a list of strings, or 'any', not ${quoted(input)}.`,
})

/** The body of `explain`: either an id or a token, and the request to judge. */
export const explainSchema = z
  .strictObject(
    {
      id: string.nullish(),
      token: string.nullish(),
      ip: string.nullish(),
      scopes: listOf(scope, 'scopes', MAX_ASKED).nullish(),
      resources: resources.nullish(),
    },
    { error: 'Must be an object.' },
  )
  .refine(({ id, token }) => (typeof id === 'string') !== (typeof token === 'string'), {
    error: 'Either id or token is needed, and not both.',
  }) as unknown as z.ZodType<CheckedExplain>
