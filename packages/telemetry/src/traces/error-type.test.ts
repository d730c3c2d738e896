import { BreakerOpenError } from '@holdfast/policy'
import { describe, expect, it } from 'vitest'
import { errorType } from './error-type.ts'

describe('errorType', () => {
  it('is the code, or else the name', () => {
    expect(errorType(new BreakerOpenError('x', 1))).toBe('BREAKER_OPEN')
    expect(errorType(Object.assign(new Error('x'), { code: 'ECONNRESET' }))).toBe('ECONNRESET')
    expect(errorType(new RangeError('x'))).toBe('RangeError')
    expect(errorType(new DOMException('x', 'AbortError'))).toBe('AbortError')
  })

  it('is never what somebody wrote', () => {
    const secret = 'https://me:hunter2@example.com/?token=abc'
    const hostile = new Proxy(new Error(secret), {
      get() {
        throw new Error(secret)
      },
    })
    const errors = [
      Object.assign(new Error(secret), { code: secret, name: secret }),
      Object.assign(new Error(secret), { code: 42, name: 'x'.repeat(65) }),
      hostile,
    ]

    expect(errors.map(errorType)).toEqual(['Error', 'Error', 'Error'])
    expect([secret, undefined, null, 7, Symbol(secret)].map(errorType)).toEqual([
      'a string',
      'a undefined',
      'a object',
      'a number',
      'a symbol',
    ])
  })
})
