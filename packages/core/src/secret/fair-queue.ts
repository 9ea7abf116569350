/** Those who wait, in a line for each caller. The lines are served in turn: a long one does not delay the others. */
export interface FairQueue<T> {
  readonly size: number
  /** Puts an item at the end of its caller's line. */
  push(caller: string | undefined, item: T): void
  /** Takes the first item of the line whose turn it is. */
  shift(): T | undefined
  /** Takes the last item of the longest line, if that is longer even when this caller has one item more. */
  dropFor(caller: string | undefined): T | undefined
}

export function createFairQueue<T>(): FairQueue<T> {
  /** In the order of their turns. None is empty. */
  const lines = new Map<string | undefined, T[]>()
  let size = 0

  function take(caller: string | undefined, line: T[], item: T | undefined): T | undefined {
    size--
    if (line.length === 0) lines.delete(caller)
    return item
  }

  return {
    get size() {
      return size
    },
    push(caller, item) {
      const line = lines.get(caller)
      if (line === undefined) lines.set(caller, [item])
      else line.push(item)
      size++
    },
    shift() {
      const [next] = lines
      if (next === undefined) return undefined
      const [caller, line] = next
      // To the end.
      lines.delete(caller)
      lines.set(caller, line)
      return take(caller, line, line.shift())
    },
    dropFor(caller) {
      let longest: [caller: string | undefined, line: T[]] | undefined
      for (const candidate of lines) {
        if (longest === undefined || candidate[1].length > longest[1].length) longest = candidate
      }
      const own = lines.get(caller)?.length ?? 0
      if (longest === undefined || longest[1].length <= own + 1) return undefined
      return take(...longest, longest[1].pop())
    },
  }
}
