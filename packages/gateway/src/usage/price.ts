import type { Used } from './used.ts'

/**
 * What a million tokens cost, in whatever currency all prices of a file are in. Where `cached` (input read from a provider's cache) or `written`
 * (into it) is not said, it costs as much as other input.
 */
export interface Price {
  readonly input: number
  readonly output: number
  readonly cached?: number | undefined
  readonly written?: number | undefined
}

/** By the name of a link; the name of an upstream alone is for all its models that have no price of their own. */
export type Prices = Readonly<Record<string, Price>>

/** What a link costs; `undefined` where nobody said. */
export function priceOf(link: string, prices: Prices): Price | undefined {
  if (Object.hasOwn(prices, link)) return prices[link]
  const upstream = link.split('/', 1)[0]!
  return Object.hasOwn(prices, upstream) ? prices[upstream] : undefined
}

/**
 * What so many tokens cost, in millionths of the currency, rounded to a whole one. A price for a million tokens is the price of one in millionths, so
 * that nothing is to be converted; only whole numbers are ever summed up.
 */
export function costOf(price: Price | undefined, used: Used): number {
  if (!price) return 0
  const { input, output, cached = input, written = input } = price
  const plain = Math.max(0, used.input - used.cached - used.written)
  return Math.round(plain * input + used.cached * cached + used.written * written + used.output * output)
}
