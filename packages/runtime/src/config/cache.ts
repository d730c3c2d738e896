import { z } from 'zod'
import { size } from './scalars.ts'

/** How much room the answers of all chains with a `cache` have, in bytes. */
export const cache = z.preprocess(
  (value) => value ?? {},
  z.strictObject({ memory: size.optional(), disk: size.optional() }),
)
