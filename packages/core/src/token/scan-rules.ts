import { optionError, quoted } from '../errors.js'
import type { CompiledFormat } from './foreign.js'
import { tokenPattern } from './format.js'

/** A secret scanner. */
export type Scanner = 'gitleaks' | 'trufflehog'

/** What both scanners look for: text with the keyword, and in it the pattern. */
interface Rule {
  readonly id: string
  readonly description: string
  /** In the syntax of RE2, which both use. */
  readonly regex: string
  /** A fixed part of every match, if there is one. */
  readonly keyword: string | undefined
}

/** A keyword of fewer characters is in nearly every file. */
const MIN_KEYWORD = 3
const LOOKAROUND = /\(\?<?[=!]/
/** The letters and digits that RE2 reads behind a backslash. Of other characters it reads all. */
const RE2_ESCAPE = /[dDwWsSbBtnrfvpPx]|[^A-Za-z0-9_]/
/** Escapes and classes of characters, which may hold parentheses, and the beginnings of groups that are captured. */
const CAPTURE = /\\.|\[(?:\\.|[^\]\\])*\]|\((?:\?<[^>]*>|(?!\?))/gs
/** The characters that a pattern begins with and that stand for themselves. */
const FIXED = /^(?:[A-Za-z0-9_:~@#%&=,;-]|\\[-.|/])*/

const WRITERS: Readonly<Record<Scanner, (rules: readonly Rule[]) => string>> = {
  gitleaks: (rules) => rules.map(gitleaksRule).join('\n'),
  trufflehog: (rules) => `detectors:\n${rules.map(trufflehogDetector).join('')}`,
}

/**
 * The rules with which a scanner finds tokens of these prefixes, and keys of the formats. Throws a `TypeError`
 * (`ERR_OPTION`) for another scanner, and for a format whose pattern the scanner cannot search.
 */
export function scanRules(scanner: Scanner, prefixes: readonly string[], formats: readonly CompiledFormat[]): string {
  if (!Object.hasOwn(WRITERS, scanner)) {
    throw optionError('scanRules', `takes gitleaks or trufflehog, not ${quoted(scanner)}`)
  }
  return WRITERS[scanner]([...prefixes.map(ruleOfPrefix), ...formats.map((format) => ruleOfFormat(scanner, format))])
}

function ruleOfPrefix(prefix: string): Rule {
  const regex = tokenPattern(prefix).source
  return { id: `${prefix}-api-token`, description: `API token of ${prefix}`, regex, keyword: `${prefix}.` }
}

function ruleOfFormat(scanner: Scanner, { name, pattern: { source, flags } }: CompiledFormat): Rule {
  const escapes = [...source.matchAll(/\\(.)/gs)].map(([, escaped = '']) => escaped)
  if (LOOKAROUND.test(source) || flags.includes('v') || !escapes.every((escaped) => RE2_ESCAPE.test(escaped))) {
    const reason = `${scanner} has no lookarounds, no references, no flag v, and few escapes of letters, digits and _`
    throw optionError('scanRules', `cannot write a rule for ${name}: ${reason}`)
  }
  const keyword = fixedStart(source)
  if (keyword === undefined && scanner === 'trufflehog') {
    throw optionError(
      'scanRules',
      `cannot write a rule for ${name}: trufflehog needs keys that begin with a fixed text`,
    )
  }
  // Of a match with groups, scanners report a group alone.
  const ungrouped = source.replace(CAPTURE, (part) => (part.startsWith('(') ? '(?:' : part))
  const regex = flags.includes('i') ? `(?i)${ungrouped}` : ungrouped
  return { id: `${name}-key`, description: `API key of the format ${name}`, regex, keyword }
}

/** The text that every match begins with. */
function fixedStart(source: string): string | undefined {
  // With alternatives, matches may begin in several ways.
  if (/(?<!\\)\|/.test(source)) return undefined
  const [start = ''] = FIXED.exec(source) ?? []
  // A quantifier behind it is about its last character.
  const fixed = /^[?*{]/.test(source.slice(start.length)) ? start.replace(/\\?.$/, '') : start
  const keyword = fixed.replaceAll('\\', '')
  return keyword.length < MIN_KEYWORD ? undefined : keyword
}

/** TOML: literal texts hold backslashes as they are. */
function gitleaksRule({ id, description, regex, keyword }: Rule): string {
  const keywords = keyword === undefined ? '' : `keywords = [${JSON.stringify(keyword.toLowerCase())}]\n`
  return `[[rules]]\nid = "${id}"\ndescription = "${description}"\nregex = '''${regex}'''\n${keywords}`
}

function trufflehogDetector({ id, regex, keyword }: Rule): string {
  const quote = (text = '') => `'${text.replaceAll("'", "''")}'`
  return `  - name: ${id}\n    keywords:\n      - ${quote(keyword)}\n    regex:\n      token: ${quote(regex)}\n`
}
