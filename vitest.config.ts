import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// `latchkey-source` makes every @latchkey/* import resolve to the TypeScript sources.
const conditions = ['latchkey-source']

const CORE = 'packages/core/test/**/*.test.ts'

/** The files that take longest, the longest first: begun last, they would keep one core waiting. */
const LONGEST = [
  'test/project/packed',
  'store-redis/test/contract',
  'store-postgres/test/contract',
  'test/project/set-up',
  'test/soak',
  'store-sqlite/test/two-processes',
  'test/threats/revocation',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = LONGEST.findIndex((part) => moduleId.includes(part))
      return index < 0 ? LONGEST.length : index
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    projects: [
      {
        extends: true,
        // They run no processes and change nothing outside of themselves, so they share a process: starting one for each of
        // them takes longer than they do.
        test: { name: 'core', include: [CORE], isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'all else',
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, CORE],
        },
      },
    ],
    pool: 'forks',
    // Vitest would leave one core idle, which on a machine with two is half of it.
    maxWorkers: '100%',
    sequence: { sequencer: LongestFirst },
    // In a log nobody scrolls, only what failed is worth its lines.
    reporters: process.env.CI ? ['minimal'] : ['default'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
