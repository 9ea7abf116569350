// Clients of the two published APIs work against the example host as they are.
import { expect, test } from 'vitest'
import { FRAMEWORKS, startHost } from '../start-host.js'
import { LOGS } from './logs.js'
import { replay } from './replay.js'

const cases = FRAMEWORKS.flatMap((framework) => LOGS.map((log) => ({ framework, dialect: log.dialect, log })))

test.concurrent.for(cases)('a client of $dialect gets its answers from $framework', async ({ framework, log }) => {
  const host = await startHost(framework)
  try {
    const { seen, failures } = await replay(log, host)
    expect(failures).toEqual([])
    expect(seen).toHaveLength(log.exchanges.length)
    expect(host.stderr()).toBe('')
  } finally {
    await host.stop()
  }
})
