import type { CompiledFormat } from './foreign.js'

/** A token of any prefix, wherever it stands. What surrounds it may be anything: logs escape, quote and join. */
const TOKEN = /([a-z][a-z0-9]{1,15}\.[A-Z2-7]{24})\.[A-Z2-7]{64}/g

/**
 * Masks tokens and foreign keys in a text. Of a token the id stays, which may be shown. It errs on the side of masking:
 * a pattern that matches a part of something longer masks that part.
 */
export function createRedact(formats: readonly CompiledFormat[]): (text: string) => string {
  const foreign = formats.map(({ name, pattern: { source, flags } }) => ({
    mask: `[${name} redacted]`,
    pattern: new RegExp(source, `${flags}g`),
  }))
  return (text) => {
    if (typeof text !== 'string') return text
    let masked = text.replace(TOKEN, '$1.[redacted]')
    for (const { mask, pattern } of foreign) masked = masked.replace(pattern, () => mask)
    return masked
  }
}
