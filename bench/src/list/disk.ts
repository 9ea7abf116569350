import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { measure, type Row } from './measure.js'

const PAGES = 1_000

/**
 * The least that a durable write can take: 4 KB over what a file had there, and the wait for the disk; on this thread, and
 * on another that is asked and answers, as a store does that keeps the host's event loop free.
 */
export async function diskRows(path: string): Promise<Row[]> {
  const here = openPages(path)
  const there = new Worker(new URL(import.meta.url), { workerData: `${path}-thread` })
  try {
    return [
      await measure('disk: write and sync 4 KB', PAGES, async (i) => here.write(i)),
      await measure('disk: the same in a thread that is asked and answers', PAGES, (i) => ask(there, i)),
    ]
  } finally {
    here.remove()
    await ask(there, -1)
    await there.terminate()
  }
}

function ask(worker: Worker, page: number): Promise<void> {
  return new Promise((resolve) => {
    worker.once('message', () => resolve())
    worker.postMessage(page)
  })
}

function openPages(path: string): { write(page: number): void; remove(): void } {
  const file = openSync(path, 'w')
  const bytes = Buffer.alloc(4_096, 1)
  const write = (page: number) => void writeSync(file, bytes, 0, bytes.length, page * bytes.length)
  for (let page = 0; page <= PAGES; page++) write(page)
  fdatasyncSync(file)
  return {
    write(page) {
      write(page)
      fdatasyncSync(file)
    },
    remove() {
      closeSync(file)
      rmSync(path)
    },
  }
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort
  const pages = openPages(String(workerData))
  port.on('message', (page: number) => {
    if (page < 0) pages.remove()
    else pages.write(page)
    port.postMessage(page)
  })
}
