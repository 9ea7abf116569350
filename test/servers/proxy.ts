import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A real TCP hop before a server, to lose replies, to fall silent and to lead elsewhere. */
export interface TcpProxy {
  readonly port: number
  /** Lets the next request that contains the text through, and cuts the connection instead of answering. */
  loseReplyTo(text: string): Promise<void>
  /** Connections stay open, and nothing passes. */
  silence(): void
  /** Cuts the connections that were silenced; new ones work. */
  restore(): void
  /** Cuts all connections; new ones go to the other server. */
  switchTo(port: number): void
  stop(): Promise<void>
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  let port = target
  let silent = false
  let armed: { text: string; cut: () => void } | undefined
  const sockets = new Set<Socket>()
  const cutAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    let cut: (() => void) | undefined
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (chunk) => {
      if (silent) return
      if (armed && chunk.includes(armed.text)) {
        cut = armed.cut
        armed = undefined
      }
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      if (silent) return
      if (cut === undefined) client.write(chunk)
      else {
        client.destroy()
        cut()
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    loseReplyTo: async (text) =>
      new Promise((resolve) => {
        armed = { text, cut: resolve }
      }),
    silence() {
      silent = true
    },
    restore() {
      silent = false
      cutAll()
    },
    switchTo(other) {
      port = other
      cutAll()
    },
    async stop() {
      cutAll()
      server.close()
      await once(server, 'close')
    },
  }
}
