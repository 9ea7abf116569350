import type { HostOptions } from './arguments.js'

/** The tokens page, signed in by what stands behind `#`, which no browser sends to the server. */
export function pageLink(url: string, adminToken: string | undefined): string {
  return `${url}/tokens/console/${adminToken === undefined ? '' : `#token=${adminToken}`}`
}

/** What the host prints at start. `adminToken` is `undefined` if an earlier start has shown it. */
export function welcome(url: string, options: HostOptions, adminToken: string | undefined): string {
  const { framework, resetAdmin, store } = options
  return `The Latchkey example host runs on ${FRAMEWORK_NAMES[framework]} at ${url}
Tokens are kept in ${placeOf(store)}.
To stop the host, press Ctrl-C. For the options: npm start -- --help

The tokens page:

  ${pageLink(url, adminToken)}

To try the API, paste this into another terminal. ${aboutToken(adminToken, resetAdmin)}

  TOKEN='${adminToken ?? 'acme.…'}'

A request without a token gets 401:

  curl -i ${url}/metrics

With the token it gets 200:

  curl -i -H "Authorization: Bearer $TOKEN" ${url}/metrics

This creates a token that can send metrics, but not read them:

  curl -i -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' ${url}/tokens -d '{"name":"sender","scopes":["metrics.ingest"]}'

Clients of Dynatrace's access tokens v2 find them at /api/v2/apiTokens, clients of Panther's API at /api-tokens.
`
}

/** What the host prints when it has stopped. */
export function farewell(store: string): string {
  return store === 'memory' ? 'Stopped. The tokens are gone.\n' : `Stopped. The tokens stay in ${placeOf(store)}.\n`
}

const FRAMEWORK_NAMES = { express: 'Express', fastify: 'Fastify', koa: 'Koa', hono: 'Hono' } as const

function placeOf(store: string): string {
  if (store === 'memory') return 'memory, until the host stops'
  return store.startsWith('sqlite:')
    ? `the SQLite file ${store.slice('sqlite:'.length)}`
    : store.replace(/(:\/\/[^:@/]*):[^@/]*@/, '$1@')
}

function aboutToken(adminToken: string | undefined, resetAdmin: boolean): string {
  if (adminToken === undefined) {
    return `The first start showed the admin token;\nit cannot be shown again. If you have lost it, restart with: npm start -- --reset-admin`
  }
  return resetAdmin
    ? 'The admin token has a new secret;\nthe old one no longer works. The new one is not shown again.'
    : 'The admin token is not shown again.'
}
