// What a `--store` names, by its form.
import { misused } from '../failures.js'

export function isRedis(url: string): boolean {
  return /^rediss?:\/\//.test(url)
}

export function isPostgres(url: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(url)
}

/** As it may be shown: without what may be a password, wherever it stands. */
export function withoutPassword(url: string): string {
  return url
    .replace(/\?.*/s, '')
    .replace(/:\/\/([^:@/]*)(?::.*)?@/s, (_, user) => (user === '' ? '://' : `://${user}@`))
}

/** Throws for a URL that nobody can read. */
export function assertUrl(url: string): void {
  if (URL.canParse(url)) return
  throw misused(`${withoutPassword(url)} is no URL. In a password, write / as %2F, @ as %40, : as %3A and % as %25.`)
}
