import { runBenchmark } from './harness/benchmark.js'
import { inProcess, measureRounds } from './harness/rounds.js'
import { medians } from './harness/statistics.js'
import type { ScaleQuestions } from './scale/measure.js'

await runBenchmark({
  name: 'scale',
  title: 'As the number of tokens grows',
  about: `
One operation with so many tokens in the memory store: a cached verification (\`hotNs\`), a first one (\`coldUs\`), a creation, and
a list of 200. Only the list may grow: the memory store sorts what it lists. Databases do not.`,
  cases: ['1000', '10000', '100000', '1000000'],
  options: { rounds: 7 },
  bounds: () =>
    ['hotNs', 'coldUs', 'createUs'].map((figure) => ({
      ...{ row: '1000000', figure, per: '1000', atMost: 1.3, reason: 'no work on one token depends on their number' },
    })),
  async measure({ cases, rounds }) {
    const program = new URL('./scale/measure.js', import.meta.url)
    const samples = await measureRounds(cases, { rounds }, (name) =>
      inProcess<ScaleQuestions>(program, [name], ['--max-old-space-size=8192']),
    )
    return [...samples].map(([name, figures]) => ({ name, ...medians(figures) }))
  },
})
