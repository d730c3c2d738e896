import { expect, it } from 'vitest'
import { heldSums } from './testing/held-sums.ts'

it('a ledger says what was booked, whatever two of them do to one file, 1,000 times', async () => {
  for (let seed = 1_000; seed < 2_000; seed++) await expect(heldSums(seed)).resolves.toBeUndefined()
})
