import { expect, it } from 'vitest'
import { heldSums } from './testing/held-sums.ts'

it('a ledger says what was booked, whatever two of them do to one file, 600 times', async () => {
  for (let seed = 1_000; seed < 1_600; seed++) await expect(heldSums(seed)).resolves.toBeUndefined()
})
