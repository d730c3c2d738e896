import type { Random } from '../clock.ts'
import { demand } from '../errors.ts'

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

/** Chance that repeats itself: the same seed, the same sequence. Source: mulberry32 by Tommy Ettinger. */
export function seededRandom(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}
