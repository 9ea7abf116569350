import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { readJson } from '@latchkey/core/adapter'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/**
 * Leaves the bodies of this scope unread, whatever they are. Fastify answers a content type that is no media type by itself,
 * and runs no more hooks of the host. So the header is away until Fastify has looked at it.
 */
export function leaveBodiesUnread(app: FastifyInstance): void {
  const types = new WeakMap<FastifyRequest, string>()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload))
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const { headers } = request.raw
    const type = headers['content-type']
    if (type !== undefined) types.set(request, type)
    delete headers['content-type']
    // What hooks of the host have made of the stream. Without a type and a length, no parser is called.
    if (payload !== request.raw) request.body = payload
    done()
  })
  app.addHook('preValidation', (request, _reply, done) => {
    const type = types.get(request)
    if (type !== undefined) request.raw.headers['content-type'] = type
    done()
  })
}

/** The stream that hooks of the host have left, or what one of them has put in its place. */
export function bodyOf({ body, raw }: FastifyRequest): Promise<unknown> {
  return body instanceof Readable ? readJson(body as IncomingMessage, undefined) : readJson(raw, body)
}
