import { describe, expect, it } from 'vitest'
import { RequestAllowance } from './request-allowance.ts'

const wallNow = Date.parse('2026-11-21T12:00:00Z')
const openai = (limit: string, left: string, reset: string) => ({
  'x-ratelimit-limit-requests': limit,
  'x-ratelimit-remaining-requests': left,
  'x-ratelimit-reset-requests': reset,
})
/** What goes out at a moment, of a crowd. */
const goOut = (allowance: RequestAllowance, now: number): number => {
  let out = 0
  for (; out < 100 && allowance.wait(now) === 0; out++) allowance.take()
  return out
}

describe('RequestAllowance', () => {
  it('holds nobody back as long as nothing is said', () => {
    expect(goOut(new RequestAllowance(), 0)).toBe(100)
  })

  it('lets out what is left, and then one by one as they are given back (I1)', () => {
    const allowance = new RequestAllowance()
    allowance.told(openai('60', '3', '57s'), 1_000, wallNow)

    expect([goOut(allowance, 1_000), allowance.wait(1_000), allowance.wait(1_400)]).toEqual([3, 1_000, 600])
    expect([goOut(allowance, 2_000), goOut(allowance, 2_000), goOut(allowance, 4_999)]).toEqual([1, 0, 2])
  })

  it('counts what is under way as gone (I2)', () => {
    const allowance = new RequestAllowance()
    allowance.told(openai('10', '5', '50s'), 0, wallNow)
    expect(goOut(allowance, 0)).toBe(5)
    allowance.back()
    allowance.told(openai('10', '4', '60s'), 1, wallNow)
    expect(goOut(allowance, 1)).toBe(0)
    allowance.back()
    allowance.told(openai('10', '4', '60s'), 2, wallNow)

    expect(goOut(allowance, 2)).toBe(1)
  })

  it('believes the provider again with each answer, however late that rounds its times', () => {
    const allowance = new RequestAllowance()
    const heard = (): void => {
      allowance.back()
      allowance.told(openai('4000', '3999', '1s'), 0, wallNow)
    }
    heard()
    for (let asked = 0; asked < 10_000; asked++) {
      expect(allowance.wait(0)).toBe(0)
      allowance.take()
      heard()
    }
  })

  it('understands Anthropic, who tells when all are given back', () => {
    const allowance = new RequestAllowance()
    const headers = {
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': '2026-11-21T12:00:10Z',
    }
    allowance.told(headers, 0, wallNow)

    expect(allowance.wait(0)).toBe(200)
  })

  it('believes it for a minute', () => {
    const allowance = new RequestAllowance()
    allowance.told(openai('10', '0', '1h'), 0, wallNow)

    expect([allowance.wait(0), allowance.wait(59_000), goOut(allowance, 60_000)]).toEqual([
      60_000, 1_000, 100,
    ])
  })

  it.each([
    openai('0', '0', '1s'),
    openai('10', '10', '1s'),
    openai('10', '-1', '1s'),
    openai('10', '0', 'soon'),
    openai('many', '0', '1s'),
    {},
  ])('takes %o for nothing said', (headers) => {
    const allowance = new RequestAllowance()
    allowance.told(headers, 0, wallNow)

    expect(goOut(allowance, 0)).toBe(100)
  })
})
