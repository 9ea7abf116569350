import type { IncomingHttpHeaders, RequestListener } from 'node:http'
import type { Caller, Latchkey } from '@latchkey/core'

/** Both frameworks' own requests have it. */
export interface HostRequest {
  readonly headers: IncomingHttpHeaders
}

export interface HostOptions {
  /** Each is a route `/<scope>` that needs it. Default `reports.read`. There are also `/any` (a token) and `/open`. */
  readonly scopes?: readonly string[]
  /** `loopback`: this machine's proxy is believed; `true`: whoever sends the header. Default `false`. */
  readonly trustProxy?: boolean | 'loopback'
  /** Of the management routes, which are at `/tokens` and, in the Panther dialect, `/panther`. */
  readonly routes?: { readonly authorize?: (request: HostRequest) => Caller | undefined }
}

/** Answers of guarded routes hold the token that the handler saw: `{"token": …}`, `null` for none. */
export function hostListener(
  framework: 'express' | 'koa',
  latchkey: Latchkey | ((request: HostRequest) => Latchkey),
  options?: HostOptions,
): RequestListener
