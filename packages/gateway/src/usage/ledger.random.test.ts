import { expect, it } from 'vitest'
import { heldSums } from './testing/held-sums.ts'

it('a ledger says what was booked, whatever two of them do to one file', async () => {
  for (let seed = 0; seed < 4; seed++) await expect(heldSums(seed)).resolves.toBeUndefined()
})
