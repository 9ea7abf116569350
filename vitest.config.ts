import { readdirSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// `latchkey-source` makes every @latchkey/* import resolve to the TypeScript sources.
const conditions = ['latchkey-source']

const FILES = ['packages', 'test'].flatMap(testsIn)

/** By the place below this file. Not through `node_modules`, whose links lead everywhere. */
function testsIn(folder: string): string[] {
  return readdirSync(new URL(folder, import.meta.url), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return ['node_modules', 'dist'].includes(entry.name) ? [] : testsIn(path)
    return entry.name.endsWith('.test.ts') ? [path] : []
  })
}

/**
 * These look for what a process does once, such as a warning, or listen to all that it publishes. Behind other files in
 * the same process they would see less, or more.
 */
const ALONE = FILES.filter((file) =>
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
        test: { name: 'sharing', include: FILES.filter((file) => !ALONE.includes(file)), isolate: false },
      },
      { extends: true, test: { name: 'alone', include: ALONE } },
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
