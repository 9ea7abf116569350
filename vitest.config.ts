import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// `latchkey-source` makes every @latchkey/* import resolve to the TypeScript sources.
const conditions = ['latchkey-source']

const FILES = [...readdirSync(new URL('packages', import.meta.url)).map((name) => `packages/${name}/test`), 'test']
  .filter((folder) => existsSync(new URL(folder, import.meta.url)))
  .flatMap((folder) =>
    readdirSync(new URL(folder, import.meta.url), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => join(folder, file)),
  )

/** These listen to the whole process: to our channels, or to warnings. Beside others they would hear those too. */
const LISTENING = FILES.filter((file) =>
  /published\(|subscribe\(|'warning'|emitWarning/.test(readFileSync(new URL(file, import.meta.url), 'utf8')),
)

/** The files that take longest, the longest first: begun last, they would keep one core waiting. */
const LONGEST = [
  'test/project/packed',
  'test/console',
  'test/project/examples',
  'test/project/docs',
  'store-postgres/test/failures',
  'test/project/set-up',
  'test/soak',
  'store-redis/test/failures',
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
        // They share a process, and what it has loaded: a new one for each of them takes longer than most of them do.
        test: { name: 'sharing', include: FILES.filter((file) => !LISTENING.includes(file)), isolate: false },
      },
      { extends: true, test: { name: 'alone', include: LISTENING } },
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
