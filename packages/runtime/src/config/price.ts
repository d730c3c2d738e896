import { z } from 'zod'
import { says } from './scalars.ts'

const aPrice = says('must be a price for a million tokens: a number from 0 to 1000000')

/** Its digits may be text, since what comes from the environment always is. */
const amount = z.preprocess(
  (value) => (typeof value === 'string' && /^\d*\.?\d+$/.test(value) ? Number(value) : value),
  z.number(aPrice).min(0, aPrice).max(1_000_000, aPrice),
)

/** What a million tokens of a model cost, in any one currency. */
export const price = z.strictObject({
  input: amount,
  output: amount,
  cached: amount.optional(),
  written: amount.optional(),
})
