/** The parts of a token's id. */
export interface TokenId {
  readonly prefix: string
  /** 24 characters of base32. Unique within an environment, under any prefix. */
  readonly publicPart: string
}

const TOKEN_ID = /^([a-z][a-z0-9]{1,15})\.([A-Z2-7]{24})$/

/** Whether this is an id of any prefix. */
export function isTokenId(text: unknown): text is string {
  return typeof text === 'string' && TOKEN_ID.test(text)
}

/** The parts of an id of any prefix, or `undefined` for a text that cannot be the id of a stored token. */
export function parseTokenId(id: string): TokenId | undefined {
  const [, prefix, publicPart] = TOKEN_ID.exec(id) ?? []
  return prefix === undefined || publicPart === undefined ? undefined : { prefix, publicPart }
}

/** As `parseTokenId`, of an id that is about to be stored. Throws a `TypeError` for a text that is none. */
export function requireTokenId(id: string): TokenId {
  const parts = parseTokenId(id)
  if (parts === undefined) throw new TypeError('record.id must be a prefix, a dot and 24 characters of A-Z and 2-7')
  return parts
}
