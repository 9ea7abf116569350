import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** What to do about each code, and where to read on. */
const WHAT_TO_DO = {
  ERR_OPTION: 'Correct the call. The [reference](reference/README.md) has every option.',
  ERR_INVALID_INPUT: 'Correct the input: see [create, update and rotate](http-api.md#create-update-rotate).',
  ERR_OWN_TOKEN: 'Delete it as `self`, or use another token.',
  ERR_STATE: 'Read the token first. See [Rotation](rotation.md) and [Expiry](expiry.md).',
  ERR_CREDENTIALS: 'Send one token, in one header: see [Credentials](http-api.md#credentials).',
  ERR_NO_TOKEN: 'Send a token: see [Credentials](http-api.md#credentials).',
  ERR_NOT_SIGNED_IN: 'Sign in again. See [People manage their own tokens](own-sign-in.md).',
  ERR_INVALID_TOKEN: 'Ask [`explain`](observation.md#one-refused-token) for the reason.',
  ERR_NOT_ALLOWED:
    'Who has more rights can do it: see [who can hand out what](first-token-and-roles.md#nobody-hands-out-more-than-they-have).',
  ERR_SCOPE: 'Give the token the scope, if it should have it: see [Scopes](scopes.md#what-the-client-sees).',
  ERR_ADDRESS: 'Check whether your framework knows the client: see [Behind a proxy](behind-a-proxy.md).',
  ERR_RESOURCE: 'Check the resource that the route names: see [Resources](resources.md#it-fails-closed).',
  ERR_CROSS_SITE: 'If the page is yours, [trust its origin](own-sign-in.md#cookies-and-other-sites).',
  ERR_NOT_FOUND: 'Check the id and the [environment](environments.md).',
  ERR_METHOD: 'The header `Allow` names the methods. See [the routes](http-api.md#token-routes).',
  ERR_RACE: 'Read the token and try again.',
  ERR_TOO_LARGE: 'Send less. See [Limits](limits.md).',
  ERR_MEDIA_TYPE: 'Send `Content-Type: application/json`, uncompressed.',
  ERR_CONFLICT:
    'If `copyTokens` failed, see its message. Otherwise only authors of [a store](writing-a-store.md) meet this.',
  ERR_UNAVAILABLE: 'Try again after `Retry-After`. See [What to watch](observation.md#what-to-watch).',
  ERR_STORE:
    'Check the store: [SQLite](sqlite.md#errors), [PostgreSQL](postgres.md#what-failures-look-like), [Redis](redis.md#what-failures-look-like).',
  ERR_OVERLOADED: 'Try again. If it happens often, [choose another hasher](hashers.md).',
  ERR_OWNER_SCOPES:
    'Check your function: see [Tokens that follow their owner](first-token-and-roles.md#tokens-that-follow-their-owner).',
  ERR_AUTHORIZE: 'Check your function: see [What `authorize` answers](own-sign-in.md#what-authorize-answers).',
  ERR_AUDIT: 'Check where your audit writes: see [Keep a complete record](audit.md#keep-a-complete-record).',
  ERR_HASHER: 'Put it back: see [A hasher or key that is missing](hashers.md#a-hasher-or-key-that-is-missing).',
  ERR_CLOSED: 'Make a new instance. See [Stop in order](quick-start.md#stop-in-order).',
}

/** docs/errors.md, from the table that the code itself uses. */
export async function errorsPage(root) {
  const { ERROR_TABLE } = await import(pathToFileURL(join(root, 'packages/core/dist/index.js')).href)
  const sections = Object.entries(ERROR_TABLE).map(([code, { status, title, meaning }]) => {
    if (!Object.hasOwn(WHAT_TO_DO, code))
      throw new Error(`tools/docs/errors-page.mjs does not say what to do about ${code}`)
    return `### ${code}\n\n**${status}, ${title}.** ${meaning} ${WHAT_TO_DO[code]}\n`
  })
  return `# Errors

<!-- Made by npm run docs from packages/core/src/errors.ts. Do not edit. -->

Every error of Latchkey has a \`code\`. Codes are stable; messages are for people and may change. No error contains a secret.

Over HTTP, an error is a [problem](http-api.md#problems): \`type\` is the URL of its section below, and \`title\`, \`status\` and
\`code\` are those of the section. In your own code, read \`error.code\` and \`error.status\`.

| class | when |
| --- | --- |
| \`TypeError\` with the code \`ERR_OPTION\` | an option or an argument is misused; the message begins with its name |
| [\`RequestError\`](reference/core.md#requesterror) | a management call cannot be carried out; \`violations\` names every place |
| [\`StoreError\`](reference/core.md#storeerror) | the store cannot answer, or refused a write for its precondition |
| [\`UnavailableError\`](reference/core.md#unavailableerror) | nobody can tell now, for another reason than the store |

All but the \`TypeError\` are [\`LatchkeyError\`](reference/core.md#latchkeyerror)s.

A refused token is not an error. \`verify\` resolves to a [\`Verdict\`](reference/core.md#verdict), and guards answer the
request themselves: see [the HTTP API](http-api.md#refusals).

## Codes

${sections.join('\n')}`
}
