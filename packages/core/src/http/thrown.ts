/**
 * A function of the host, which throws and rejects with objects only. To a framework `undefined` is no error, and to
 * Express `'route'` is an order: the request would go on.
 */
export function throwingErrors<Handler>(handler: Handler): Handler {
  if (typeof handler !== 'function') return handler
  const run = (...given: readonly unknown[]): unknown => {
    try {
      const result: unknown = Reflect.apply(handler, undefined, given)
      return result instanceof Promise ? result.catch(throwError) : result
    } catch (error) {
      return throwError(error)
    }
  }
  return run as Handler
}

/** Throws the error if it is an object, else one that has it as its cause. */
export function throwError(error: unknown): never {
  if (typeof error === 'object' && error !== null) throw error
  throw new Error(`A function of the host threw ${String(error)}, which is no error.`, { cause: error })
}
