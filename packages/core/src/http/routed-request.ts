import type { ServerResponse } from 'node:http'
import { clientSignal } from './deliver.js'
import type { GuardedRequest } from './guard.js'
import type { HttpRequest } from './message.js'

/** What a request asks for, and where. */
export type RoutedTarget = Pick<HttpRequest, 'method' | 'mount' | 'path' | 'search' | 'body'>

/**
 * Makes the request that the management routes take from what a guard reads of a Node request, and from what it asks
 * for. `response` tells when the client is gone.
 *
 * @example
 * const body = () => readJson(req, undefined)
 * const request = routedRequest(client, res, { method: 'GET', mount: '/tokens', path: '/self', search: '', body })
 */
export function routedRequest(client: GuardedRequest, response: ServerResponse, target: RoutedTarget): HttpRequest {
  const { headers, rawHeaders, maxHeadersCount, ip } = client
  return {
    ...target,
    headers,
    rawHeaders,
    maxHeadersCount,
    ip,
    forgeableBy: () => client.forgeableBy?.(),
    signal: clientSignal(response),
  }
}
