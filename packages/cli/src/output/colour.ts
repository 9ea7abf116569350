import { styleText } from 'node:util'

type Colour = 'red' | 'yellow' | 'green'

/** Only on a terminal that knows colours, and never with `NO_COLOR`. */
export function coloured(colour: Colour, text: string): string {
  const { stdout } = process
  const isWanted = stdout.isTTY && !process.env.NO_COLOR && stdout.hasColors()
  return isWanted ? styleText(colour, text) : text
}
