import type { Denied, GuardedRoute } from './adapter-case.js'

/** What the render function of `/rendering-fails` throws. */
export const RENDERING_FAILED = new Error('the host cannot render this')

/** The guarded routes of every host. */
export const ROUTES: readonly GuardedRoute[] = [
  { path: '/open', guards: [] },
  { path: '/any', guards: [{}] },
  { path: '/reports', guards: [{ scopes: ['reports.read'] }] },
  { path: '/reports-and-logs', guards: [{ scopes: ['reports.read', 'logs.read', 'logs.write'] }] },
  { path: '/twice', guards: [{ scopes: ['reports.read'] }, { scopes: ['reports.read'] }, {}] },
  { path: '/twice-and-more', guards: [{ scopes: ['reports.read'] }, { scopes: ['logs.read'] }] },
  { path: '/rendered', guards: [{ scopes: ['reports.read'], onDenied: render }] },
  { path: '/rendering-fails', guards: [{ onDenied: failToRender }] },
]

function render({ denial, response }: Denied): object {
  return { rendered: denial, instead: response.status }
}

function failToRender(): never {
  throw RENDERING_FAILED
}
