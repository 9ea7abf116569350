import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP proxy that can fall silent: connections stay open, and nothing passes. */
export type Silencer = Awaited<ReturnType<typeof startSilencer>>

export async function startSilencer(target: number) {
  const sockets = new Set<Socket>()
  let silent = false

  function forward(from: Socket, to: Socket): void {
    sockets.add(from)
    from.setNoDelay(true)
    from.on('error', () => {})
    from.on('data', (chunk) => silent || to.write(chunk))
    from.once('close', () => {
      sockets.delete(from)
      to.destroy()
    })
  }

  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    forward(client, upstream)
    forward(upstream, client)
  })
  server.unref().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: String((server.address() as AddressInfo).port),
    silence() {
      silent = true
    },
    /** Closes the connections that were silenced. New ones work. */
    restore() {
      silent = false
      for (const socket of sockets) socket.destroy()
    },
  }
}
