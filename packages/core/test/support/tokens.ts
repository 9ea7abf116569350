import { tokenFormat } from '../../src/token/format.js'

/** Well-formed, of the same id, with another secret. */
export function forged(token: string): string {
  const prefix = token.slice(0, token.indexOf('.'))
  return tokenFormat(prefix).renew(token.slice(0, prefix.length + 25)).token
}

/** Well-formed, and in no store. */
export function unknownToken(prefix = 'lk'): string {
  return tokenFormat(prefix).generate().token
}
