import { optionError } from '../errors.js'

const ENVIRONMENT_NAME = /^[A-Za-z0-9_.-]{1,64}$/

/** Throws a `TypeError` (`ERR_OPTION`) for anything but a name of an environment. One rule for every store. */
export function assertEnvironmentName(name: unknown): asserts name is string {
  if (typeof name === 'string' && ENVIRONMENT_NAME.test(name)) return
  throw optionError('environment', 'must be 1 to 64 of A-Z a-z 0-9 _ . -')
}

/** Opens an environment with the first call of its name, and again with the next call after a failure. */
export async function openOnce<T>(openings: Map<string, Promise<T>>, name: string, open: () => Promise<T>): Promise<T> {
  let opening = openings.get(name)
  if (opening === undefined) {
    opening = open()
    openings.set(name, opening)
    opening.catch(() => openings.delete(name))
  }
  return opening
}
