import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerOptions } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Address } from './http-client.js'

export interface Serving {
  readonly address: Address
  close(): Promise<void>
}

export interface ServeOptions extends Pick<ServerOptions, 'maxHeaderSize'> {
  /** Listen at a socket in the file system, where clients have no address. */
  readonly withoutAddresses?: boolean
}

/** Starts a real server on a free port of 127.0.0.1. */
export async function serve(listener: RequestListener, options: ServeOptions = {}): Promise<Serving> {
  const { withoutAddresses = false, ...serverOptions } = options
  const server = createServer(serverOptions, listener)
  const socketPath = join(tmpdir(), `latchkey-${randomUUID()}.sock`)
  server.listen(withoutAddresses ? { path: socketPath } : { port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const bound = server.address()
  const address = bound !== null && typeof bound === 'object' ? { port: bound.port } : { socketPath }
  return {
    address,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
