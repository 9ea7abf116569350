import { CommandError } from '../failures.js'
import { withoutPassword } from './url.js'

const UNREACHABLE = /ECONN|ENOTFOUND|EAI_|EHOST|ENET|ETIMEDOUT|timeout/i
/** Codes of PostgreSQL that begin with 28, and what Redis says. */
const REFUSED = /^28|WRONGPASS/
/** What Redis says, and the driver of PostgreSQL. */
const UNNAMED = /^NOAUTH|client password must be a string/

/** Why the server of `--store` cannot be used, and what to do about it. `variable`: of the environment, for the password. */
export function unusable(server: string, url: string, error: NodeJS.ErrnoException, variable: string): CommandError {
  const { code = '', message } = error
  const isUnnamed = UNNAMED.test(message)
  const reason = isUnnamed ? 'it asks for a password' : (message || code).replace(/\.$/, '')
  const causes = [code, message]
  const advice = causes.some((text) => UNREACHABLE.test(text))
    ? 'Check the address, and that the server is running.'
    : isUnnamed || causes.some((text) => REFUSED.test(text))
      ? `Check the user in the URL, and set ${variable} to the password.`
      : 'Check the address.'
  return new CommandError(`The ${server} at ${withoutPassword(url)} cannot be used: ${reason}. ${advice}`)
}
