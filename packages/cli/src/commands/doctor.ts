import type { Command } from 'commander'
import { examine } from '../doctor/examine.js'
import { CommandError, FAILED } from '../failures.js'
import { optionsOf, withExample } from '../options.js'
import { coloured } from '../output/colour.js'
import { print } from '../output/print.js'
import { jsonText, plain } from '../output/text.js'
import { withTarget } from '../target/open.js'

export function doctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .description('Look for what is wrong or worth knowing, and say what to do. Reads every token once.')
  withExample(command, '--store postgres://app@127.0.0.1/app').action(async () => {
    await withTarget(command, async (target) => {
      const options = optionsOf(command)
      let isBroken = false
      for await (const finding of examine(target, options)) {
        isBroken ||= finding.level === 'error'
        if (options.json === true) await print(jsonText(finding))
        else
          await print(
            `${LABELS[finding.level]()}  ${plain(finding.text)}${finding.advice === undefined ? '' : ` ${plain(finding.advice)}`}`,
          )
      }
      if (isBroken) throw new CommandError('Something is wrong: see above.', FAILED)
    })
  })
}

const LABELS = {
  ok: () => coloured('green', 'ok     '),
  notice: () => coloured('yellow', 'notice '),
  error: () => coloured('red', 'error  '),
}
