import type { Price } from '../usage/price.ts'

/** What an order may know, when a request comes, of a link that can be asked. */
export interface Standing {
  readonly weight: number
  readonly price: Price | undefined
  /** Whether its last call came to nothing. */
  readonly failed: boolean
  readonly inFlight: number
  /** Whether it was ever asked for what is wanted now: a stream, or an answer in one piece. */
  readonly asked: boolean
  /** How long that takes in the mean, in ms, and how much that still holds, from 1 down to 0; `undefined` where nobody knows. */
  readonly pace: { readonly mean: number; readonly fresh: number } | undefined
  /** For how long it has kept silent while somebody waited for it, in ms. */
  readonly silence: number
  /** Tokens of an answer, in the mean. */
  readonly output: number | undefined
}

/** The places of links in the order in which they are to be asked; each of them once. */
export type Places = readonly number[]

/** The places of those with less of something first; of equals, the first in the file. */
export function leastFirst(
  standings: readonly Standing[],
  of: (standing: Standing, place: number) => number,
): Places {
  const amounts = standings.map(of)
  return [...amounts.keys()].sort((a, b) => compare(amounts[a]!, amounts[b]!))
}

/** Two infinities are equal. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b
}
