import { describe, expect, it, onTestFinished } from 'vitest'
import { deaths, orphanRow } from './testing/orphans.ts'

const all = ['managed', 'same group', 'session', 'forked twice']

describe.each(['kill', 'adopt'] as const)('onGovernorDeath: %s', (onGovernorDeath) => {
  it.each(deaths)(
    'leaves nothing in 50 rounds of: %s',
    async (death) => {
      for (let round = 0; round < 50; round++) {
        const row = await orphanRow(death, onGovernorDeath, onTestFinished)
        const adopted = death === 'governor' && onGovernorDeath === 'adopt' ? all : []
        expect(row).toEqual({ before: all, adopted, left: [], files: [] })
      }
    },
    600_000,
  )
})
