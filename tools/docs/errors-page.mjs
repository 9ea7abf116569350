import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** docs/errors.md, from the table that the code itself uses. */
export async function errorsPage(root) {
  const { ERROR_TABLE } = await import(pathToFileURL(join(root, 'packages/core/dist/index.js')).href)
  const sections = Object.entries(ERROR_TABLE).map(
    ([code, { status, title, meaning }]) => `### ${code}\n\n**${status}, ${title}.** ${meaning}\n`,
  )
  return `# Errors

<!-- Made by npm run docs from packages/core/src/errors.ts. Do not edit. -->

Every error of Latchkey has a \`code\`. Codes are stable; messages are for people and may change. No error carries a
secret.

Over HTTP, an error is a [problem](http-api.md#problems): \`type\` is the address of its section below, \`title\` and \`status\`
are those of the section, and \`code\` is its heading. Your own code finds them in \`error.code\` and \`error.status\`.

| class | when |
| --- | --- |
| \`TypeError\` with the code \`ERR_OPTION\` | an option or an argument is misused; the message begins with its name |
| [\`RequestError\`](reference/core.md#requesterror) | a management call cannot be carried out; \`violations\` names every place |
| [\`StoreError\`](reference/core.md#storeerror) | the store cannot answer, or refused a write for its precondition |
| [\`UnavailableError\`](reference/core.md#unavailableerror) | there is no verdict now, for another reason than the store |

All but the \`TypeError\` are [\`LatchkeyError\`](reference/core.md#latchkeyerror)s.

A refused token is not an error. \`verify\` resolves to a [\`Verdict\`](reference/core.md#verdict), and guards answer the
request themselves: see [the HTTP API](http-api.md#refusals).

## Codes

${sections.join('\n')}`
}
