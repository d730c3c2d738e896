import { describe, expect, it } from 'vitest'
import { BreakerOpenError, HoldfastError, isHoldfastError, OptionError, TimeoutError } from './errors.ts'

describe('HoldfastError', () => {
  it('carries its code, its hint and its own name, also in the stack', () => {
    const error = new TimeoutError('slow', 5)

    expect(error).toMatchObject({ name: 'TimeoutError', code: 'TIMEOUT', after: 5 })
    expect(error.hint).not.toBe('')
    expect(error.stack).toMatch(/^TimeoutError: slow: no answer within 5 ms\n/)
    expect([isHoldfastError(error), isHoldfastError(new Error('other'))]).toEqual([true, false])
  })
})

describe('BreakerOpenError', () => {
  it('has no stack, and leaves other errors theirs', () => {
    expect(new BreakerOpenError('b', 1).stack).not.toMatch(/\n/)
    expect(new Error('other').stack).toMatch(/\n/)
    expect(new BreakerOpenError('b', 1)).toBeInstanceOf(HoldfastError)
  })
})

describe('OptionError', () => {
  it.each([
    ['text', "'text'"],
    [undefined, 'undefined'],
    [null, 'null'],
    [[1], 'an array'],
    [{}, 'an object'],
    [() => 1, 'a function'],
    [Number.NaN, 'NaN'],
  ])('shows that it received %o', (received, shown) => {
    expect(new OptionError('x.y', received, 'good').message).toBe(`x.y must be good, not ${shown}`)
  })
})
