import { Session } from 'node:inspector/promises'

/** CPU time of one function by itself. */
export interface Frame {
  readonly name: string
  readonly url: string
  readonly us: number
}

const session = new Session()

/** V8's sampling profiler, of this process. */
export async function beginProfile(): Promise<undefined> {
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.start')
  return undefined
}

export async function endProfile(): Promise<Frame[]> {
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  const { nodes, samples = [], timeDeltas = [] } = profile
  const times = new Map<number, number>()
  for (const [i, id] of samples.entries()) times.set(id, (times.get(id) ?? 0) + (timeDeltas[i] ?? 0))
  return nodes
    .map(({ id, callFrame }) => ({ name: callFrame.functionName, url: callFrame.url, us: times.get(id) ?? 0 }))
    .filter(({ name, us }) => us > 0 && name !== '(idle)')
}
