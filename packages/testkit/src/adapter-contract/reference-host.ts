import type { IncomingMessage, RequestListener } from 'node:http'
import type { Latchkey } from '@latchkey/core'
import { createGuard, createRouter, encodeResponse, type HttpResponse, readJson } from '@latchkey/core/adapter'
import type { HostPlan } from './adapter-case.js'

/**
 * A host on bare `node:http`, with nothing between core and the wire: what it refuses, every adapter refuses in the
 * same bytes. It knows neither proxies nor parsers nor a choice of instances, and has no handlers of its own.
 */
export function referenceHost({ latchkey, guarded, management }: HostPlan): RequestListener {
  if (typeof latchkey === 'function') throw new TypeError('The reference host serves one instance.')
  const router = createRouter({ dialect: management.dialect })
  const guards = new Map(guarded.map(({ path, guards: [options] }) => [path, createGuard(options, ['onDenied'])]))
  const anyToken = createGuard()
  return (request, response) => {
    answer(latchkey, request).then(
      (answered) => {
        const { status, headers, body } = answered === undefined ? NOT_OURS : encodeResponse(answered)
        response.writeHead(status, { ...headers }).end(body)
      },
      () => void response.writeHead(500).end(),
    )
  }

  async function answer(instance: Latchkey, request: IncomingMessage): Promise<HttpResponse | undefined> {
    const { method = '', headers, rawHeaders } = request
    const ip = request.socket.remoteAddress
    const { pathname, search } = new URL(request.url ?? '', 'http://localhost')
    const mount = management.path
    if (pathname === mount || pathname.startsWith(`${mount}/`)) {
      const body = () => readJson(request, undefined)
      const path = pathname.slice(mount.length)
      return router(instance, { method, mount, path, search, headers, rawHeaders, ip, body }, undefined)
    }
    const guard = guards.get(pathname) ?? anyToken
    const admission = await guard(instance, { rawHeaders, ip })
    return admission.ok ? undefined : admission.response
  }
}

const NOT_OURS = { status: 404, headers: {}, body: '' }
