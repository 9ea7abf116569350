import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP hop before a server that can fall silent: connections stay open, and nothing passes. */
export interface Silencer {
  readonly port: number
  silence(): void
  /** Ends the connections that were silenced; new ones work. */
  restore(): void
  stop(): Promise<void>
}

export async function startSilencer(target: number): Promise<Silencer> {
  const sockets = new Set<Socket>()
  let silent = false

  function keep(socket: Socket, other: Socket): void {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      if (!silent) other.write(chunk)
    })
    socket.once('close', () => {
      sockets.delete(socket)
      other.destroy()
    })
  }

  function endAll(): void {
    for (const socket of sockets) socket.destroy()
  }

  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    keep(client, upstream)
    keep(upstream, client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    silence() {
      silent = true
    },
    restore() {
      silent = false
      endAll()
    },
    async stop() {
      endAll()
      server.close()
      await once(server, 'close')
    },
  }
}
