import type { ApiToken, IssuedToken } from '@latchkey/core'
import { showToken } from '@latchkey/core/adapter'
import type { GlobalOptions } from '../options.js'
import { print, tell } from './print.js'
import { jsonText } from './text.js'
import { tokenLines } from './token.js'

/** What a token is: for a person, or for a program. */
export async function printToken(token: ApiToken, { json }: GlobalOptions): Promise<void> {
  if (json === true) return print(jsonText(showToken(token)))
  for (const line of tokenLines(token, Date.now())) await print(line)
}

/** A new secret. It goes to stdout, and what it belongs to goes to stderr, so that a shell can keep it in a variable. */
export async function printIssued({ token, apiToken }: IssuedToken, { json }: GlobalOptions): Promise<void> {
  if (json === true) return print(jsonText({ ...showToken(apiToken), token }))
  for (const line of tokenLines(apiToken, Date.now())) tell(line)
  tell('Keep the token now: nobody can show it again.')
  await print(token)
}
