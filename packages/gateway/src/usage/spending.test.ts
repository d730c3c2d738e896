import { describe, expect, it } from 'vitest'
import { overspent, type Spendings } from './spending.ts'

const tonight = Date.UTC(2026, 10, 22)
const having = (micros: number, until: number | undefined = tonight): Spendings => ({
  spent: () => ({ micros, inFlight: 0, until }),
})
const alice = { name: 'alice', spend: { amount: 20, per: 'day' } } as const

describe('overspent', () => {
  it('lets a client ask that has spent less than it may', () => {
    expect(overspent(alice, having(19_999_999))).toBeUndefined()
    expect(overspent({ name: 'alice', spend: undefined }, having(Infinity))).toBeUndefined()
  })

  it('says to one that has spent it all when it may ask again', () => {
    expect(overspent(alice, having(20_000_000))).toEqual({
      is: 'spent',
      message:
        "The client 'alice' may spend 20 a day, and has: it may ask again from 2026-11-22 00:00 UTC on.",
      until: tonight,
    })
  })

  it('has one wait whose requests in flight may cost the rest', () => {
    const running = { spent: () => ({ micros: 19_000_000, inFlight: 1_000_000, until: tonight }) }

    expect(overspent(alice, running)).toEqual({
      is: 'in flight',
      message:
        "The client 'alice' may spend 20 a day, and what it has in flight may cost all that is left of it.",
    })
  })

  it('says what helps where nothing begins again', () => {
    const limited = { name: 'alice', spend: { amount: 0.5, per: 'total' } } as const
    const message = overspent(limited, {
      spent: () => ({ micros: 500_000, inFlight: 0, until: undefined }),
    })?.message

    expect(message).toBe(
      "The client 'alice' may spend 0.5 in all, and has: raise the limit of this client to let it ask again.",
    )
  })
})
