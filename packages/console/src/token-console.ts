import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import {
  assertKnownOptions,
  type ConsoleRequest,
  type HttpResponse,
  optionError,
  type TokenConsole,
} from '@latchkey/core/adapter'
import { pageHtml } from './html.js'
import { SCRIPT, SCRIPT_NAME, STYLES, STYLES_NAME } from './page.generated.js'
import { type Theme, themeStyles } from './theme.js'

/** What `tokenConsole` takes. */
export interface ConsoleOptions {
  /** The heading and the title of the page, at most 100 characters. Default `API tokens`. */
  readonly title?: string | undefined
  /** Colours, font and corners. Default: a plain look, light and dark. */
  readonly theme?: Theme | undefined
  /**
   * Whether `#token=…` in the address signs in, so that a program can print a link to the page. The page takes the token out
   * of the address at once. Default `false`, because a link could sign people in with somebody else's token.
   */
  readonly tokenLink?: boolean | undefined
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const PROTECTIONS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
}

/** A year; the name of a file changes with its text. */
const IMMUTABLE = 'public, max-age=31536000, immutable'

/**
 * The page on which people create, find, rotate and revoke tokens, for the option `console` of `tokenRoutes`. It is then at
 * `<mount>/console/`. Answers from memory; knows no framework. Throws a `TypeError` (`ERR_OPTION`) for unknown and wrong
 * options.
 *
 * @example
 * app.use('/tokens', tokenRoutes({ dialect: 'latchkey', console: tokenConsole({ title: 'API tokens' }) }))
 */
export function tokenConsole(options: ConsoleOptions = {}): TokenConsole {
  assertKnownOptions('tokenConsole', options, ['title', 'theme', 'tokenLink'])
  const { title = 'API tokens', theme = {}, tokenLink = false } = options
  if (typeof title !== 'string' || title.trim() === '' || title.length > 100) {
    throw optionError('tokenConsole.title', 'must be a text of 1 to 100 characters')
  }
  if (typeof tokenLink !== 'boolean') throw optionError('tokenConsole.tokenLink', 'must be true or false')
  const script = { name: `assets/${SCRIPT_NAME}`, answer: asset('text/javascript', SCRIPT) }
  const styles = [{ name: `assets/${STYLES_NAME}`, answer: asset('text/css', STYLES) }, themeAsset(themeStyles(theme))]
  const files = new Map([script, ...styles].map(({ name, answer }) => [name, answer]))
  const names = { script: script.name, styles: styles.map(({ name }) => name) }

  return ({ path, headers, maySignIn, sessionOnly }) => {
    if (path !== '') return files.get(path)?.(headers)
    const html = pageHtml({ title, tokenLink, maySignIn, sessionOnly }, names)
    return response('text/html', Buffer.from(html), { 'Cache-Control': 'no-store' })
  }
}

type Answer = (headers: ConsoleRequest['headers']) => HttpResponse

/** Its name changes with the theme. */
function themeAsset(css: string): { readonly name: string; readonly answer: Answer } {
  const hash = createHash('sha256').update(css).digest('base64url').slice(0, 8)
  return { name: `assets/theme-${hash}.css`, answer: asset('text/css', css) }
}

/** Plain or compressed, as the client takes it. */
function asset(type: string, text: string): Answer {
  const caching = { 'Cache-Control': IMMUTABLE, Vary: 'Accept-Encoding' }
  const plain = response(type, Buffer.from(text), caching)
  const compressed = response(type, gzipSync(text), { ...caching, 'Content-Encoding': 'gzip' })
  return (headers) => (takesGzip(headers['accept-encoding']) ? compressed : plain)
}

function takesGzip(accepted: string | readonly string[] | undefined): boolean {
  return /(?:^|,)\s*gzip\s*(?:$|,|;\s*q=(?!0(?:\.0*)?\s*(?:$|,)))/i.test(String(accepted ?? ''))
}

function response(type: string, body: Buffer, headers: Readonly<Record<string, string>>): HttpResponse {
  return {
    status: 200,
    headers: { ...PROTECTIONS, ...headers, 'Content-Type': `${type}; charset=utf-8` },
    body,
  }
}
