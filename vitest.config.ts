import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// `latchkey-source` makes every @latchkey/* import resolve to the TypeScript sources.
const conditions = ['latchkey-source']

const CORE = 'packages/core/test'
const CORE_FILES = readdirSync(new URL(CORE, import.meta.url), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join(CORE, file))

/** These listen to the whole process: to our channels, or to warnings. Beside others they would hear those too. */
const LISTENING = CORE_FILES.filter((file) =>
  /published\(|subscribe\(|'warning'|emitWarning/.test(readFileSync(new URL(file, import.meta.url), 'utf8')),
)
const SHARING = CORE_FILES.filter((file) => !LISTENING.includes(file))

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
        test: { name: 'core', include: SHARING, isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'all else',
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...SHARING],
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
