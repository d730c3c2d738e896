import { defineConfig } from 'vitest/config'

export default defineConfig({
  ssr: { resolve: { conditions: ['@holdfast/source', 'node'] } },
  resolve: { conditions: ['@holdfast/source', 'node'] },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.soak.test.ts'],
    testTimeout: 10_000,
    hookTimeout: 20_000,
    maxWorkers: 3,
  },
})
