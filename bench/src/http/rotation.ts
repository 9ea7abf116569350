import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

/** So many requests go to one application before the next one takes over. */
const BLOCK = 250

/** What one application needed for one block of requests. */
export interface Block {
  /** Requests per second of wall time. */
  readonly rps: number
  /** CPU time of the process for one request. */
  readonly cpuUs: number
}

export interface Rotation {
  readonly listener: RequestListener
  /** The blocks since the last call, for each application. */
  takeBlocks(): Block[][]
}

/**
 * One server for several applications, which take over from each other. A block ends when all of its requests have been
 * answered; what arrives meanwhile waits, so that each block is paid for by one application alone.
 */
export function rotate(listeners: readonly RequestListener[]): Rotation {
  let blocks: Block[][] = listeners.map(() => [])
  let current = 0
  let started = 0
  let finished = 0
  let waiting: [IncomingMessage, ServerResponse & { req: IncomingMessage }][] = []
  let [start, cpu] = [process.hrtime.bigint(), process.cpuUsage()]

  const listener: RequestListener = (req, res) => {
    if (started === BLOCK) {
      waiting.push([req, res])
      return
    }
    if (started++ === 0) [start, cpu] = [process.hrtime.bigint(), process.cpuUsage()]
    res.once('close', onFinished)
    listeners[current]?.(req, res)
  }

  function onFinished(): void {
    if (++finished < BLOCK) return
    const seconds = Number(process.hrtime.bigint() - start) / 1e9
    const { user, system } = process.cpuUsage(cpu)
    blocks[current]?.push({ rps: BLOCK / seconds, cpuUs: (user + system) / BLOCK })
    current = (current + 1) % listeners.length
    started = 0
    finished = 0
    const next = waiting
    waiting = []
    for (const [req, res] of next) if (!res.destroyed) listener(req, res)
  }

  return {
    listener,
    takeBlocks() {
      const taken = blocks
      blocks = listeners.map(() => [])
      return taken
    },
  }
}
