import type { ChangeEvent, EnvironmentStore, Unwatch } from '@latchkey/core/store'

export interface Watching {
  readonly events: ChangeEvent[]
  /** Resolves when the event came, after this call or before it. */
  came(event: 'reset' | 'lagging' | 'live'): Promise<void>
  changed(id: string): Promise<void>
  stop: Unwatch
}

/** Collects the events of an environment, and waits for them with a deadline. */
export async function startWatching(environment: EnvironmentStore, patience = 5_000): Promise<Watching> {
  const events: ChangeEvent[] = []
  let wake = () => {}
  const stop = await environment.watch((event) => {
    events.push(event)
    wake()
  })
  async function until(what: string, holds: () => boolean): Promise<void> {
    const deadline = Date.now() + patience
    while (!holds()) {
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`no ${what} within ${patience} ms: ${JSON.stringify(events)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  return {
    events,
    came: async (event) => until(event, () => events.includes(event)),
    changed: async (id) =>
      until(`change of ${id}`, () => events.some((event) => typeof event === 'object' && event.ids.includes(id))),
    stop,
  }
}
