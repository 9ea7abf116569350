import { CommanderError } from 'commander'
import { exitCodeOf, FAILED, MISUSED, sentenceOf } from './failures.js'
import { plain } from './output/text.js'
import { createProgram } from './program.js'

/**
 * Runs one command line, given without the program's own name. Reads stdin, prints to stdout and stderr, and resolves to the
 * exit code; it never rejects.
 *
 * @example
 * process.exitCode = await run(['list', '--store', 'sqlite:tokens.db'])
 */
export async function run(args: readonly string[]): Promise<number> {
  endAtClosedPipe()
  try {
    await createProgram().parseAsync([...args], { from: 'user' })
    return 0
  } catch (error) {
    // Commander has told what is wrong, or printed the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED
    process.stderr.write(`${plain(sentenceOf(error), '\n')}\n`)
    return exitCodeOf(error)
  }
}

/** Who reads what is printed, `head` for one, may have had enough: that is no failure. */
function endAtClosedPipe(): void {
  if (process.stdout.listenerCount('error') > 0) return
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : FAILED))
  process.stderr.on('error', () => undefined)
}
