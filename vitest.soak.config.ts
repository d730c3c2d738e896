import { defineConfig } from 'vitest/config'
import quick from './vitest.config.ts'

export default defineConfig({
  ...quick,
  test: {
    ...quick.test,
    include: ['packages/*/src/**/*.soak.test.ts', 'tests/**/*.soak.test.ts'],
    exclude: ['**/node_modules/**'],
    testTimeout: 600_000,
  },
})
