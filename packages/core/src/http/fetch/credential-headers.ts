/**
 * A header that holds a credential. A web `Headers` object joins repeated headers with commas, so a value with commas
 * may be several: then this is a list, which is refused as a repeated header is. `undefined`: the header is absent.
 */
type CredentialHeader = string | readonly string[] | undefined

/** Node's list of header names and values, if there is one. A value in it arrived as one header. */
type RawHeaders = readonly string[] | undefined

/**
 * The `Authorization` header. One credential is a scheme and a text without commas, or a scheme and parameters with
 * commas between them, as `Digest` has. Source: RFC 9110 §11.4.
 */
export function authorizationOf(headers: Headers, rawHeaders: RawHeaders): CredentialHeader {
  const value = headers.get('authorization') ?? undefined
  return value?.includes(',') && !hasParameters(value) && !rawHeaders?.includes(value) ? [value] : value
}

/** The `X-API-Key` header. No token has a comma. */
export function apiKeyOf(headers: Headers, rawHeaders: RawHeaders): CredentialHeader {
  const value = headers.get('x-api-key') ?? undefined
  return value?.includes(',') && !rawHeaders?.includes(value) ? [value] : value
}

function hasParameters(value: string): boolean {
  const blank = value.indexOf(' ')
  return blank > 0 && PARAMETERS.test(value.slice(blank + 1))
}

const TOKEN = String.raw`[!#$%&'*+\-.^_\`|~\w]+`
const PARAMETER = String.raw`${TOKEN}[ \t]*=[ \t]*(?:${TOKEN}|"(?:[^"\\]|\\.)*")`
const PARAMETERS = new RegExp(String.raw`^[ \t]*${PARAMETER}(?:[ \t]*,[ \t]*${PARAMETER})*[ \t]*$`)
