import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../time/clock.ts'
import { type RetryTokensOptions, retryTokens } from './retry-tokens.ts'

const open = (options: RetryTokensOptions = {}) => retryTokens(options).open(systemClock)

describe('TokenAccount', () => {
  it('takes a token for each failure, and grants retries while more than half are left', () => {
    const own = open()
    expect(own.usage()).toMatchObject({ tokens: 10, allowed: 4 })
    const took = Array.from({ length: 6 }, () => own.withdraw('retry', true))
    expect(took).toEqual([true, true, true, true, false, false])
    own.end(true)

    expect(own.usage()).toEqual({
      family: 'tokens',
      calls: 0,
      retries: 4,
      hedges: 0,
      refused: 2,
      allowed: 0,
      tokens: 5,
      maxTokens: 10,
    })
  })

  it('gives a part of a token back for each success, and never more than there were', () => {
    const own = open()
    own.failed()
    for (let n = 0; n < 9; n++) own.end(false)
    expect([own.usage(), own.idle]).toMatchObject([{ tokens: 9.9 }, false])
    own.end(false)
    expect([own.usage(), own.idle]).toMatchObject([{ tokens: 10 }, true])
    own.end(false)
    own.end(undefined)

    expect(own.usage()).toMatchObject({ tokens: 10 })
  })

  it('charges nothing for a hedge that no failure asked for', () => {
    const own = open({ maxTokens: 3 })
    expect(own.withdraw('hedge', false)).toBe(true)
    expect(own.usage()).toMatchObject({ tokens: 3, hedges: 1 })
    own.failed()
    expect(own.withdraw('hedge', false)).toBe(true)
    own.failed()

    expect(own.withdraw('hedge', false)).toBe(false)
    own.reset()
    expect(own.usage()).toMatchObject({ tokens: 3, hedges: 0, refused: 0 })
  })

  it('holds I1 and I2 over any sequence', () => {
    const steps = fc.array(
      fc.constantFrom('begin', 'again', 'failure', 'success', 'nothing', 'retry', 'hedge'),
      { maxLength: 200 },
    )
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 1_500 }),
        (sequence, maxTokens, ratio) => {
          const own = open({ maxTokens, tokenRatio: ratio / 1_000 })
          let parts = maxTokens * 1_000
          let calls = 0
          for (const step of sequence) {
            if (step === 'begin') calls++
            if (step === 'begin' || step === 'again') own.begin(step === 'again')
            else if (step === 'failure') {
              own.end(true)
              parts = Math.max(0, parts - 1_000)
            } else if (step === 'success') {
              own.end(false)
              parts = Math.min(maxTokens * 1_000, parts + ratio)
            } else if (step === 'nothing') own.end(undefined)
            else {
              const failed = step === 'retry'
              const cost = failed ? 1_000 : 0
              const taken = own.withdraw(step, failed)
              expect(taken).toBe(parts - cost > maxTokens * 500)
              if (taken) parts -= cost
            }
            expect(own.usage()).toMatchObject({ calls, tokens: parts / 1_000 })
          }
          const { allowed } = own.usage()
          const took = Array.from({ length: 20 }, () => own.withdraw('retry', true)).filter(Boolean)
          expect(took.length).toBe(allowed)
        },
      ),
      { seed: 1, numRuns: 200 },
    )
  })
})

describe('retryTokens', () => {
  it.each<[object, string]>([
    [{ maxTokens: 0 }, 'retryTokens.maxTokens'],
    [{ maxTokens: Infinity }, 'retryTokens.maxTokens'],
    [{ tokenRatio: -1 }, 'retryTokens.tokenRatio'],
    [{ tokens: 3 }, 'retryTokens.tokens'],
  ])('refuses %o', (options, option) => {
    expect(() => retryTokens(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', option }))
  })
})
