import { describe, expect, it } from 'vitest'
import { retryAfterOf } from './retry-after.ts'

describe('retryAfterOf', () => {
  it.each([
    [{ 'retry-after': '7' }, '7'],
    [{ 'retry-after': 'Sat, 21 Nov 2026 12:00:07 GMT' }, 'Sat, 21 Nov 2026 12:00:07 GMT'],
    [{ 'retry-after-ms': '70', 'retry-after': '1' }, '0.07'],
    [{ 'retry-after-ms': 'soon', 'retry-after': '1' }, '1'],
    [{ 'retry-after-ms': '-1' }, undefined],
    [{}, undefined],
    [undefined, undefined],
  ])('of %o is %s', (headers, told) => {
    expect(retryAfterOf(headers)).toBe(told)
  })
})
