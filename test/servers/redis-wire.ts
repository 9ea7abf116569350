import { createConnection } from 'node:net'

export type WireReply = string | number | null | WireReply[]

/** Sends one command to a server on the loopback interface and returns its reply; an error reply rejects. */
export async function redisCommand(port: number, ...args: readonly (string | number)[]): Promise<WireReply> {
  const socket = createConnection({ port, host: '127.0.0.1' })
  const parts = args.map((arg) => `$${Buffer.byteLength(String(arg))}\r\n${arg}\r\n`)
  try {
    return await new Promise<WireReply>((resolve, reject) => {
      let received = Buffer.alloc(0)
      socket.on('error', reject)
      socket.on('close', () => reject(new Error(`the server on port ${port} closed the connection`)))
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk])
        try {
          const parsed = parseReply(received.toString('latin1'), 0)
          if (parsed) resolve(parsed.value)
        } catch (error) {
          reject(error)
        }
      })
      socket.write(`*${args.length}\r\n${parts.join('')}`)
    })
  } finally {
    socket.destroy()
  }
}

/** RESP2, as much of it as a test needs. `undefined`: more bytes are needed. */
function parseReply(text: string, at: number): { value: WireReply; end: number } | undefined {
  const line = text.indexOf('\r\n', at)
  if (line < 0) return undefined
  const head = text.slice(at + 1, line)
  const next = line + 2
  switch (text[at]) {
    case '+':
      return { value: head, end: next }
    case ':':
      return { value: Number(head), end: next }
    case '-':
      throw new Error(head)
    case '$': {
      const length = Number(head)
      if (length < 0) return { value: null, end: next }
      if (text.length < next + length + 2) return undefined
      return { value: text.slice(next, next + length), end: next + length + 2 }
    }
    case '*': {
      const items: WireReply[] = []
      let end = next
      for (let i = 0; i < Number(head); i++) {
        const item = parseReply(text, end)
        if (!item) return undefined
        items.push(item.value)
        end = item.end
      }
      return { value: items, end }
    }
    default:
      throw new Error(`unexpected reply of type ${JSON.stringify(text[at])}`)
  }
}
