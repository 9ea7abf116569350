import { defineConfig } from 'vitest/config'

// `latchkey-source` makes every @latchkey/* import resolve to the TypeScript sources.
const conditions = ['latchkey-source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    // Vitest would leave one core idle, which on a machine with two is half of it.
    maxWorkers: '100%',
    // In a log nobody scrolls, only what failed is worth its lines.
    reporters: process.env.CI ? ['minimal'] : ['default'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
