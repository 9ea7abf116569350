import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const INTRODUCTION = `# The command latchkey

<!-- Made by npm run docs from packages/cli. Do not edit. -->

\`latchkey\` manages the tokens of a store from a terminal: for an operator who has no page, and for scripts.

\`\`\`sh
npm install --global @latchkey/cli
latchkey list --store sqlite:/var/lib/my-service/tokens.db --owner ada
\`\`\`

## On which tokens it works

\`--store\` names a store: \`sqlite:FILE\`, \`redis://HOST\`, \`rediss://HOST\`, or \`postgres://USER@HOST/DATABASE\`. Whoever may open
the store may do everything with it. A password that stands in the URL is seen by other users of the machine: for PostgreSQL,
set \`PGPASSWORD\` instead.

\`--config\` names a module of your service that exports its own instance, so that scopes, limits, hasher, pepper and audit are
those of the service. What makes or checks a secret needs it: \`create\`, \`rotate\`, \`lookup\` and \`import\`, and \`revoke\` and
\`explain\` of a whole token.

\`\`\`js
// latchkey.config.mjs
import { createLatchkey } from '@latchkey/core'
import { sqliteStore } from '@latchkey/store-sqlite'

export const store = sqliteStore({ path: '/var/lib/my-service/tokens.db' })
export const latchkey = createLatchkey({ prefix: 'acme', store, scopes: { 'reports.read': 'Read reports' } })
\`\`\`

\`store\` is closed at the end. Export \`close\` too if something else must be, as the pool of PostgreSQL:
\`export const close = () => pool.end()\`.

## What goes in and out

- Secrets come from stdin, never from arguments, which other users of a machine can see. A new secret is printed once, to
  stdout, and nothing else is: \`TOKEN=$(latchkey create …)\`.
- \`--json\` prints one JSON value a line, with times in ISO 8601, for programs. Without it, tables fit the terminal.
- You are asked before anything that cannot be undone. \`--yes\` is the answer, and is needed where nobody can be asked.
- Ctrl-C stops \`import\` and \`revoke-all\` between two tokens. Run them again to go on.
- Colours and progress are for terminals alone; \`NO_COLOR=1\` turns colours off.
- The audit of the service names you, by your name on the machine, or as \`--as\` says.

| exit code | meaning                                                           |
| --------- | ----------------------------------------------------------------- |
| 0         | done                                                              |
| 1         | failed: the store, the server, or what \`doctor\` and \`check\` found |
| 2         | misused: the command line or its input cannot work                |
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
