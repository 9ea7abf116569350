import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface Proxy {
  readonly port: number
  /** From now on: lets the next request that contains the text through, and cuts the connection instead of answering. */
  loseReplyTo(text: string): Promise<void>
  stop(): Promise<void>
}

/** A real TCP hop before a server, to lose replies on purpose. */
export async function startProxy(target: number): Promise<Proxy> {
  let armed: { text: string; cut: () => void } | undefined
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    let cut: (() => void) | undefined
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (chunk) => {
      if (armed && chunk.includes(armed.text)) {
        cut = armed.cut
        armed = undefined
      }
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
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
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
