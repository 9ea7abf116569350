import type { Command } from 'commander'

/** The options that every command has. */
export interface GlobalOptions {
  readonly store?: string
  readonly config?: string
  readonly environment?: string
  readonly prefix?: string
  readonly as?: string
  readonly json?: true
  readonly yes?: true
}

/** Those of a command, with its own. Commander has read them as the command declares. */
export function optionsOf<Own extends object>(command: Command): GlobalOptions & Own {
  return command.optsWithGlobals<GlobalOptions & Own>()
}

/** For an option that may be given more than once. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

/** An example at the end of a command's help. */
export function withExample(command: Command, ...examples: readonly string[]): Command {
  const lines = examples.map((example) => `  $ latchkey ${command.name()} ${example}`)
  return command.addHelpText('after', `\nExample:\n${lines.join('\n')}`)
}
