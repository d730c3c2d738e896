import fc from 'fast-check'
import { describe, it } from 'vitest'
import { holdTranslations } from './testing/held-translations.ts'

describe('a conversation', () => {
  it('is the same when it was translated there and back, in one piece and streamed', () => {
    fc.assert(fc.property(fc.nat(), holdTranslations), { seed: 1, numRuns: 500 })
  })
})
