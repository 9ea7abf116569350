export type { Theme, ThemeValues } from './theme.js'
export { type ConsoleOptions, tokenConsole } from './token-console.js'
