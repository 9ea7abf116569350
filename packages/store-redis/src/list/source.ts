import type { Row } from './row.js'

/** Candidate rows of one shard in the order of the list. */
export interface Source {
  /** The next rows, at most about `wanted` of them. May be empty without being the end. */
  read(wanted: number): Promise<Row[]>
  /** Whether all rows were read. */
  done(): boolean
}

export const EMPTY: Source = { read: async () => [], done: () => true }

export function sourceOf(rows: readonly Row[]): Source {
  let at = 0
  return {
    async read(wanted) {
      const part = rows.slice(at, at + wanted)
      at += part.length
      return part
    },
    done: () => at >= rows.length,
  }
}

/** The sources of all shards as one, in order. */
export function mergeSources(sources: readonly Source[], order: (a: Row, b: Row) => number): Source {
  const lanes = sources.map((source) => ({ source, rows: [] as Row[], at: 0 }))
  const isDry = ({ source, rows, at }: (typeof lanes)[number]) => at >= rows.length && !source.done()

  return {
    async read(wanted) {
      const taken: Row[] = []
      // More than each one's share, so that a second round is rare.
      const share = sources.length === 1 ? wanted : Math.ceil((wanted / sources.length) * 1.3) + 16
      while (taken.length < wanted) {
        await Promise.all(
          lanes.map(async (lane) => {
            while (isDry(lane)) {
              lane.rows = await lane.source.read(share)
              lane.at = 0
            }
          }),
        )
        // Only while every lane that may go on shows its next row is the smallest of them the next of all.
        while (taken.length < wanted && !lanes.some(isDry)) {
          let best: (typeof lanes)[number] | undefined
          for (const lane of lanes) {
            const row = lane.rows[lane.at]
            const leading = best?.rows[best.at]
            if (row !== undefined && (leading === undefined || order(row, leading) < 0)) best = lane
          }
          const row = best?.rows[best.at]
          if (best === undefined || row === undefined) return taken
          best.at++
          taken.push(row)
        }
      }
      return taken
    },
    done: () => lanes.every(({ source, rows, at }) => at >= rows.length && source.done()),
  }
}
