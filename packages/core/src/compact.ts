/** `T` without members that are `undefined`: a member that may be `undefined` becomes an optional one. */
export type Compact<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/**
 * A shallow copy of an object without the members that are `undefined`.
 *
 * @example
 * compact({ id: 'a', ip: undefined }) // { id: 'a' }
 */
export function compact<T extends object>(members: T): Compact<T> {
  const copy: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(members)) {
    if (value !== undefined) copy[key] = value
  }
  return copy as Compact<T>
}
