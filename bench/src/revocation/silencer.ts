import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP proxy that can fall silent: connections stay open, and nothing passes. */
export interface Silencer {
  readonly port: number
  silence(): void
  /** Closes the connections that were silenced. New ones work. */
  restore(): void
  stop(): Promise<void>
}

export async function startSilencer(target: number): Promise<Silencer> {
  const sockets = new Set<Socket>()
  let silent = false

  function forward(socket: Socket, other: Socket): void {
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

  function closeAll(): void {
    for (const socket of sockets) socket.destroy()
  }

  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    forward(client, upstream)
    forward(upstream, client)
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
      closeAll()
    },
    async stop() {
      closeAll()
      server.close()
      await once(server, 'close')
    },
  }
}
