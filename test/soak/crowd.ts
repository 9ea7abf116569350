import { setMaxListeners } from 'node:events'

/** The clients of one node, which can all be sent away at once. */
export class Crowd {
  #leaving = leaving()
  #returned = Promise.resolve()

  /** Resolves when clients may come. The signal tells them to leave. */
  async enter(): Promise<AbortSignal> {
    await this.#returned
    return this.#leaving.signal
  }

  /** All leave at once, and nobody comes until `act` has settled. One at a time. */
  async awayDuring<T>(act: () => Promise<T>): Promise<T> {
    this.#leaving.abort()
    this.#leaving = leaving()
    const result = act()
    this.#returned = result.then(ignore, ignore)
    return result
  }

  /** All leave at once, and whoever enters is told to leave. */
  end(): void {
    this.#leaving.abort()
  }
}

function leaving(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}

function ignore(): void {}
