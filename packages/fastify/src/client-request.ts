import { type GuardedRequest, maxHeadersCountOf, type TrustFunction, trustsAnybody } from '@latchkey/core/adapter'
import type { FastifyRequest } from 'fastify'

/** What is read of a request. Fastify computes `request.ip` at each read, so only where the address is needed. */
export class ClientRequest implements GuardedRequest {
  private readonly request: FastifyRequest

  constructor(request: FastifyRequest) {
    this.request = request
  }

  get headers() {
    return this.request.headers
  }

  get rawHeaders() {
    return this.request.raw.rawHeaders
  }

  get maxHeadersCount() {
    return maxHeadersCountOf(this.request.raw)
  }

  get ip() {
    return this.request.ip as string | undefined
  }

  forgeableBy(): string | undefined {
    return trustsAnybody(trustOf(this.request)) ? "Fastify's `trustProxy` as it is set" : undefined
  }
}

const trusts = new WeakMap<object, TrustFunction>()
/** Nobody's address (RFC 2544). */
const CLIENT = '198.18.0.1'

/**
 * Fastify keeps its compiled trust function to itself, but its requests ask it: whoever is believed at this hop, and at all
 * before it, has the address in front of theirs count.
 */
function trustOf(request: FastifyRequest): TrustFunction {
  const prototype: object = Object.getPrototypeOf(request)
  const trust: TrustFunction =
    trusts.get(prototype) ??
    ((address, hop) => {
      const forwarded = [CLIENT, ...Array<string>(hop).fill(address)].join(', ')
      const raw = { headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress: address } }
      const asked: { readonly ip?: string } = Object.create(prototype, { raw: { value: raw } })
      return asked.ip === CLIENT
    })
  trusts.set(prototype, trust)
  return trust
}
