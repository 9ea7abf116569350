import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const INTRODUCTION = `# The command latchkey

<!-- Made by npm run docs from packages/cli. Do not edit. -->

\`latchkey\` manages tokens from a terminal, for operators and for scripts.

\`\`\`sh
npm install --global @latchkey/cli
latchkey list --store sqlite:/var/lib/my-service/tokens.db --owner ada
\`\`\`

## Choose the tokens

\`--store\` names a store: \`sqlite:FILE\`, \`redis://HOST\`, \`rediss://HOST\`, or \`postgres://USER@HOST/DATABASE\`. Whoever can open
the store can do everything with it. Other users of the machine can see a password in the URL: set \`PGPASSWORD\` for
PostgreSQL, or \`REDISCLI_AUTH\` for Redis, instead. With \`--store\`, the file and the environment must be there:
only \`copy\`, \`init\` and your service create one.

\`--config\` names a module that exports your service's own instance, with its scopes, limits, hasher, pepper and audit. Commands that make
or check a secret need it: \`create\`, \`rotate\`, \`lookup\`, \`import\`, and \`revoke\` and \`explain\` of a whole token.

The module also decides whether a missing file is created. So write an absolute path: a relative one starts at the directory that you are
in, and the command would make an empty file there. With \`create: false\`, it fails instead.

\`\`\`js
// latchkey.config.mjs
import { createLatchkey } from '@latchkey/core'
import { sqliteStore } from '@latchkey/store-sqlite'

export const store = sqliteStore({ path: '/var/lib/my-service/tokens.db' })
export const latchkey = createLatchkey({ prefix: 'acme', store, scopes: { 'reports.read': 'Read reports' } })
\`\`\`

Your service imports the same module, so that both have one prefix, one hasher and the same limits:

\`\`\`js
// app.mjs
import { latchkey, store } from './latchkey.config.mjs'
\`\`\`

Run the command as the user of your service: \`sudo -u my-service latchkey …\`. A file that root made
[cannot be opened by the service](deployment.md#everything-answers-503).

The command closes \`store\` at the end. If something else must be closed, such as a pool of PostgreSQL, export \`close\` too:
\`export const close = () => pool.end()\`.

## Input and output

- Secrets come from stdin, never from arguments, because other users of the machine can see those. A new token is printed once, and
  nothing else is printed to stdout: \`TOKEN=$(latchkey create …)\`.
- \`--json\` prints one JSON value a line, with times in ISO 8601. Without it, tables fit the terminal.
- The command asks before anything that cannot be undone. \`--yes\` skips the question, and is required if there is no terminal.
- Ctrl-C stops \`import\` and \`revoke-all\` between two tokens. Run them again to go on.
- Colours and progress appear only on a terminal; \`NO_COLOR=1\` turns colours off.
- The audit records your user name on the machine, or the name given with \`--as\`.

| exit code | meaning                                                           |
| --------- | ----------------------------------------------------------------- |
| 0         | done                                                              |
| 1         | failed: the store, the server, or what \`doctor\` and \`check\` found |
| 2         | misused: the command line or its input is wrong                   |
| 3         | there is no such token                                            |
`

/** docs/cli.md: how the command is used, and each of its commands as it describes itself. */
export async function commandPage(root) {
  const { createProgram } = await import(pathToFileURL(join(root, 'packages/cli/dist/index.js')).href)
  const program = createProgram()
  const general = ['## Options of every command', '', ...optionLines(program)].join('\n')
  return `${[INTRODUCTION.trimEnd(), general, ...program.commands.map(section)].join('\n\n')}\n`
}

function section(command) {
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text) })
  command.outputHelp()
  const [, example = ''] = help.split('Example:\n')
  const examples = example.trimEnd().replace(/^ {2}\$ /gm, '')
  const own = optionLines(command)
  const takes = command.usage().replace('[options]', '').trim()
  return [
    `## ${command.name()}`,
    '',
    command.description(),
    '',
    ...(takes === '' ? [] : [`Usage: \`latchkey ${command.name()} ${takes}\``, '']),
    ...(own.length === 0 ? [] : [...own, '']),
    '```sh',
    examples,
    '```',
  ].join('\n')
}

function optionLines(command) {
  const options = command.options.filter(({ long }) => long !== '--help')
  return options.map(({ flags, description, argChoices }) => {
    const choices = argChoices === undefined ? '' : ` (${argChoices.join(', ')})`
    return `- \`${flags}\`${description === '' ? '' : `: ${description}`}${choices}`
  })
}
