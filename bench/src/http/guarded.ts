/** One way to guard a route. */
export interface Guarded<Middleware> {
  /** Absent: the route is open. */
  readonly middleware?: Middleware
  /** What goes into the Authorization header. */
  readonly authorization: string
  /** The same with a credential that must be refused. */
  readonly forged: string
}

export type Guards<Middleware> = Readonly<Record<GuardName, () => Guarded<Middleware> | Promise<Guarded<Middleware>>>>

/** In the order of the table. */
export const GUARD_NAMES = [
  'bare',
  'floor',
  'latchkey',
  'latchkey-untracked',
  'passport',
  'jwt',
  'better-auth',
] as const
export type GuardName = (typeof GUARD_NAMES)[number]

export const FRAMEWORKS = ['express', 'koa'] as const
export type Framework = (typeof FRAMEWORKS)[number]

/** The token behind `Bearer`, for guards whose library does not read the header itself. */
export function bearer(authorization: string | undefined): string | undefined {
  return authorization?.startsWith('Bearer ') === true ? authorization.slice(7) : undefined
}
