// What a `--store` names, by its form.

export function isRedis(url: string): boolean {
  return /^rediss?:\/\//.test(url)
}

export function isPostgres(url: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(url)
}

/** As it may be shown. */
export function withoutPassword(url: string): string {
  return url.replace(/(:\/\/[^/@]*?):[^/]*@/, '$1@')
}
