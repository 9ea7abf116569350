import { SingleBar } from 'cli-progress'

/** Long work, as the person at a terminal sees it. */
export interface Progress {
  /** `total` absent: it is not known, and only the count is shown. */
  update(done: number, total?: number): void
  stop(): void
}

const SILENT: Progress = { update: () => undefined, stop: () => undefined }

/** A bar on stderr, if that is a terminal. `unit`: what is counted, as in `tokens`. */
export function startProgress(unit: string): Progress {
  if (!process.stderr.isTTY) return SILENT
  let bar: SingleBar | undefined
  return {
    update(done, total) {
      if (bar === undefined) {
        const format = total === undefined ? `${unit}: {value}` : `${unit}: [{bar}] {value} of {total}`
        bar = new SingleBar({ format, barsize: 20, barCompleteChar: '#', barIncompleteChar: '-', hideCursor: true })
        bar.start(total ?? 0, done)
      }
      if (total !== undefined) bar.setTotal(total)
      bar.update(done)
    },
    stop: () => bar?.stop(),
  }
}
