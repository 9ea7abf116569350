import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** docs/errors.md, from the table that the code itself uses. */
export async function errorsPage(root) {
  const { ERROR_TABLE } = await import(pathToFileURL(join(root, 'packages/core/dist/index.js')).href)
  const rows = Object.entries(ERROR_TABLE).map(
    ([code, { status, meaning }]) => `| \`${code}\` | ${status} | ${meaning} |`,
  )
  return `# Errors

<!-- Made by npm run docs from packages/core/src/errors.ts. Do not edit. -->

Every error of Latchkey has a \`code\`. Codes are stable; messages are for people and may change. No error carries a
secret.

| code | HTTP status | meaning |
| --- | --- | --- |
${rows.join('\n')}

The status is that of the answer which the management routes give. Your own code finds it in \`error.status\`.

| class | when |
| --- | --- |
| \`TypeError\` with the code \`ERR_OPTION\` | an option or an argument is misused; the message begins with its name |
| [\`RequestError\`](reference/core.md#requesterror) | a management call cannot be carried out; \`violations\` names every place |
| [\`StoreError\`](reference/core.md#storeerror) | the store cannot answer, or refused a write for its precondition |
| [\`UnavailableError\`](reference/core.md#unavailableerror) | there is no verdict now, for another reason than the store |

All but the \`TypeError\` are [\`LatchkeyError\`](reference/core.md#latchkeyerror)s.

A refused token is not an error. \`verify\` resolves to a [\`Verdict\`](reference/core.md#verdict), and guards answer the
request themselves: see [the HTTP API](http-api.md#refusals).
`
}
