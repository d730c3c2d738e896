import fc from 'fast-check'
import { it } from 'vitest'
import { holdTranslations } from './testing/held-translations.ts'

it('10,000 conversations are the same when they were translated there and back', () => {
  fc.assert(fc.property(fc.nat(), holdTranslations), { seed: 2, numRuns: 10_000 })
}, 300_000)
