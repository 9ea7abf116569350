import { assertKnownOptions, optionError } from '@latchkey/core/adapter'

/** CSS values, such as `#0b57d0` or `8px`. What is absent keeps its default. */
export interface ThemeValues {
  /** Buttons, links and marks. */
  readonly accent?: string | undefined
  /** Text on the accent. */
  readonly onAccent?: string | undefined
  readonly background?: string | undefined
  /** Cards, dialogs and fields. */
  readonly surface?: string | undefined
  readonly text?: string | undefined
  /** Text of less weight. */
  readonly muted?: string | undefined
  readonly border?: string | undefined
  readonly danger?: string | undefined
  readonly success?: string | undefined
  readonly warning?: string | undefined
  readonly font?: string | undefined
  /** The font of tokens and ids. */
  readonly monospace?: string | undefined
  /** Of the corners of cards and dialogs. */
  readonly radius?: string | undefined
}

/** How the page looks; `dark`: what differs for people who prefer dark pages. */
export interface Theme extends ThemeValues {
  readonly dark?: ThemeValues | undefined
}

const PROPERTIES: Readonly<Record<keyof ThemeValues, string>> = {
  accent: '--accent',
  onAccent: '--on-accent',
  background: '--background',
  surface: '--surface',
  text: '--text',
  muted: '--muted',
  border: '--border',
  danger: '--danger',
  success: '--success',
  warning: '--warning',
  font: '--font',
  monospace: '--monospace',
  radius: '--radius',
}

/**
 * The style sheet of a theme. Throws a `TypeError` (`ERR_OPTION`) for other names, and for what is no single value of CSS.
 *
 * @example
 * const css = themeStyles({ accent: '#0b57d0', dark: { accent: '#a8c7fa' } })
 */
export function themeStyles(theme: Theme): string {
  const names = Object.keys(PROPERTIES)
  assertKnownOptions('tokenConsole.theme', theme, [...names, 'dark'])
  const { dark = {}, ...light } = theme
  assertKnownOptions('tokenConsole.theme.dark', dark, names)
  const forDark = declarations('tokenConsole.theme.dark', dark)
  const media = forDark && `@media (prefers-color-scheme: dark) {\n:root {\n${forDark}}\n}\n`
  return `:root {\n${declarations('tokenConsole.theme', light)}}\n${media}`
}

function declarations(place: string, values: ThemeValues): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      if (!isValue(value)) throw optionError(`${place}.${name}`, 'must be a value of CSS, such as #0b57d0')
      return `${PROPERTIES[name as keyof ThemeValues]}: ${value};\n`
    })
    .join('')
}

/** No text that could end the declaration, or load something. */
function isValue(value: unknown): boolean {
  return typeof value === 'string' && /^[\w\s#%.,()'"/*+-]{1,200}$/.test(value) && !/url|\/\*|\*\/|\n/i.test(value)
}
