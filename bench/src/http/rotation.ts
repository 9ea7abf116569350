import type { RequestListener } from 'node:http'

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
  /** The blocks since the last call, for each application. Call it while no requests arrive: an unfinished block is lost. */
  takeBlocks(): Block[][]
}

/**
 * One server for several applications, which take over from each other. A block ends when all of its requests have been
 * answered. What arrives before that waits, so one application pays for a block alone.
 */
export function rotate(listeners: readonly RequestListener[]): Rotation {
  let blocks: Block[][] = listeners.map(() => [])
  let current = 0
  let block = begin()
  let waiting: Parameters<RequestListener>[] = []

  const listener: RequestListener = (req, res) => {
    if (block.started === BLOCK) {
      waiting.push([req, res])
      return
    }
    const own = block
    if (own.started++ === 0) Object.assign(own, { start: process.hrtime.bigint(), cpu: process.cpuUsage() })
    res.once('close', () => {
      if (++own.finished === BLOCK && own === block) next()
    })
    listeners[current]?.(req, res)
  }

  function next(): void {
    const seconds = Number(process.hrtime.bigint() - block.start) / 1e9
    const { user, system } = process.cpuUsage(block.cpu)
    blocks[current]?.push({ rps: BLOCK / seconds, cpuUs: (user + system) / BLOCK })
    current = (current + 1) % listeners.length
    block = begin()
    const arrived = waiting
    waiting = []
    for (const [req, res] of arrived) if (!res.destroyed) listener(req, res)
  }

  return {
    listener,
    takeBlocks() {
      const taken = blocks
      blocks = listeners.map(() => [])
      block = begin()
      waiting = []
      return taken
    },
  }
}

function begin() {
  return { started: 0, finished: 0, start: process.hrtime.bigint(), cpu: process.cpuUsage() }
}
