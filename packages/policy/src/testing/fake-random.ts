import { demand } from '../errors.ts'
import type { Random } from '../time/clock.ts'

export { seededRandom } from '../chaos/seeded-random.ts'

/** Chance that answers with the given values in turn, over and over. */
export function fakeRandom(...values: number[]): Random {
  demand(
    values.length > 0 && values.every((value) => value >= 0 && value < 1),
    'fakeRandom',
    values,
    'numbers from 0 to below 1',
  )
  let turn = 0
  return () => values[turn++ % values.length]!
}
