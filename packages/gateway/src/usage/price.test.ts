import { describe, expect, it } from 'vitest'
import { costOf, priceOf } from './price.ts'
import { unused } from './used.ts'

const prices = {
  openai: { input: 1, output: 2 },
  'openai/gpt-5': { input: 1.25, output: 10, cached: 0.125, written: 1.5 },
}

describe('priceOf', () => {
  it('prefers the price of the link to that of its upstream', () => {
    expect(priceOf('openai/gpt-5', prices)).toEqual(prices['openai/gpt-5'])
    expect(priceOf('openai/gpt-5-mini', prices)).toEqual(prices.openai)
    expect(priceOf('openai/org/model', prices)).toEqual(prices.openai)
    expect(priceOf('openai', prices)).toEqual(prices.openai)
  })

  it('knows none where nobody said', () => {
    expect(priceOf('other/gpt-5', prices)).toBeUndefined()
    expect(priceOf('toString', {})).toBeUndefined()
  })
})

describe('costOf', () => {
  it('tells input that was cached or written apart from the rest', () => {
    const used = { input: 1_000, output: 10, cached: 800, written: 100 }

    expect(costOf(prices['openai/gpt-5'], used)).toBe(100 * 1.25 + 800 * 0.125 + 100 * 1.5 + 10 * 10)
  })

  it('takes cached input for input where no price is said', () => {
    expect(costOf(prices.openai, { input: 1_000, output: 10, cached: 800, written: 100 })).toBe(1_020)
  })

  it('is a whole number of millionths', () => {
    expect(costOf({ input: 0.1, output: 0.2 }, { ...unused, input: 3, output: 3 })).toBe(1)
  })

  it('is nothing without a price, and never less', () => {
    expect(costOf(undefined, { ...unused, input: 1_000_000 })).toBe(0)
    expect(costOf({ input: 1, output: 1 }, { input: 5, output: 0, cached: 9, written: 0 })).toBe(9)
  })
})
