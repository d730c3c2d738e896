import { describe, expect, it, onTestFinished } from 'vitest'
import { deaths, orphanRow } from './testing/orphans.ts'

const all = ['managed', 'same group', 'session', 'forked twice']

describe.each(['kill', 'adopt'] as const)('onGovernorDeath: %s', (onGovernorDeath) => {
  it.each(deaths)(
    'leaves none of four kinds of process after: %s',
    async (death) => {
      const row = await orphanRow(death, onGovernorDeath, onTestFinished)
      const adopted = death === 'governor' && onGovernorDeath === 'adopt' ? all : []
      expect(row).toEqual({ before: all, adopted, left: [], files: [] })
    },
    30_000,
  )
})
