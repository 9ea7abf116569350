import { runBenchmark } from './harness/benchmark.js'
import { inProcess, measureRounds } from './harness/rounds.js'
import { medians } from './harness/statistics.js'
import type { MemoryQuestions } from './memory/measure.js'

await runBenchmark({
  name: 'memory',
  title: 'The memory of a cached token',
  about: 'Bytes for each of so many cached tokens, after garbage collection: on the heap, and outside of it.',
  cases: ['50000', '500000'],
  options: { rounds: 1 },
  bounds: () => [
    { row: /./, figure: 'bytes', atMost: 1_024, reason: '50,000 cached tokens, the default, take less than 50 MiB' },
  ],
  async measure({ cases, rounds }) {
    const program = new URL('./memory/measure.js', import.meta.url)
    const samples = await measureRounds(cases, { rounds, starts: rounds }, (name) =>
      inProcess<MemoryQuestions>(program, [name], ['--expose-gc', '--max-old-space-size=8192']),
    )
    return [...samples].map(([name, figures]) => ({ name, ...medians(figures) }))
  },
})
