import { describe, expect, it } from 'vitest'
import { Hedging } from './hedging.ts'

const taken = (hedging: Hedging, requests: number): number => {
  let hedges = 0
  for (let nth = 0; nth < requests; nth++) {
    hedging.began()
    if (hedging.allowed) {
      hedging.take()
      hedges++
    }
    hedging.ended()
  }
  return hedges
}

describe('Hedging', () => {
  it.each([
    [undefined, 1_000, 105],
    [0.5, 100, 55],
    [1, 100, 100],
    [0, 100, 5],
  ])('allows a share of %s of %i requests and a few at once: %i', (share, requests, expected) => {
    expect(taken(new Hedging({ after: 10, share }), requests)).toBe(expected)
  })

  it('saves up no more than a few', () => {
    const hedging = new Hedging({ after: 10, share: 0.1 })
    for (let nth = 0; nth < 1_000; nth++) {
      hedging.began()
      hedging.ended()
    }

    expect(taken(hedging, 9)).toBe(5)
  })

  it.each([
    [0.1, 105],
    [1, 1_000],
  ])('keeps a share of %s of a thousand requests that run at once: %i', (share, expected) => {
    const hedging = new Hedging({ after: 10, share })
    for (let nth = 0; nth < 1_000; nth++) hedging.began()
    let hedges = 0
    while (hedging.allowed && hedges < 1_000) {
      hedging.take()
      hedges++
    }

    expect(hedges).toBe(expected)
  })

  it('adds up the silence of an upstream until it is as long as a call may be silent', () => {
    const hedging = new Hedging({ after: 10 })
    const told = [4, 4, 4, 4, 4, 4].map((silent) => hedging.overtaken('late', silent, 10))

    expect(told).toEqual([false, false, true, false, false, true])
  })

  it('forgets the silence of an upstream that brings content, and of no other', () => {
    const hedging = new Hedging({ after: 10 })
    hedging.overtaken('late', 9, 10)
    hedging.overtaken('later', 9, 10)
    hedging.spoke('late')

    expect(hedging.overtaken('late', 9, 10)).toBe(false)
    expect(hedging.overtaken('later', 9, 10)).toBe(true)
  })
})
