import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../testing/index.ts'
import { formatTraceparent, parseTraceparent, spanId, traceId } from './traceparent.ts'

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const span = '00f067aa0ba902b7'
const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits })
    .map((all) => all.join(''))
    .filter((text) => /[^0]/.test(text))

describe('parseTraceparent', () => {
  it('reads what formatTraceparent writes', () => {
    const parent = fc.record({ traceId: hex(32), spanId: hex(16), sampled: fc.boolean() })

    fc.assert(
      fc.property(parent, (each) => {
        expect(parseTraceparent(formatTraceparent(each))).toEqual(each)
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  it('reads only the lowest flag', () => {
    const sampled = (flags: string) => parseTraceparent(`00-${trace}-${span}-${flags}`)?.sampled

    expect(['00', '01', '02', '03', 'fe', 'ff'].map(sampled)).toEqual([false, true, false, true, false, true])
  })

  it('reads a later version as far as it knows it, and what stands between spaces', () => {
    const parent = { traceId: trace, spanId: span, sampled: true }

    expect(parseTraceparent(`01-${trace}-${span}-01`)).toEqual(parent)
    expect(parseTraceparent(`cc-${trace}-${span}-01-what-the-future-will-be`)).toEqual(parent)
    expect(parseTraceparent(` \t00-${trace}-${span}-01\t `)).toEqual(parent)
  })

  it.each([
    ['another version with more behind it', `cc-${trace}-${span}-01.x`],
    ['version 00 with more behind it', `00-${trace}-${span}-01-x`],
    ['version ff', `ff-${trace}-${span}-01`],
    ['capital letters', `00-${trace.toUpperCase()}-${span}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${span}-01`],
    ['a span of zeros', `00-${trace}-${'0'.repeat(16)}-01`],
    ['a trace too short', `00-${trace.slice(1)}-${span}-01`],
    ['a span too long', `00-${trace}-${span}0-01`],
    ['flags too long', `00-${trace}-${span}-001`],
    ['no flags', `00-${trace}-${span}`],
    ['two of them', `00-${trace}-${span}-01, 00-${trace}-${span}-01`],
    ['a line break', `cc-${trace}-${span}-01-\n`],
    ['other white space', `\v00-${trace}-${span}-01`],
    ['nothing', ''],
    ['no text', undefined],
    ['a list', [`00-${trace}-${span}-01`]],
    ['a megabyte', `${' '.repeat(1_000_000)}x`],
  ])('takes %s for none', (_, header) => {
    expect(parseTraceparent(header)).toBeUndefined()
  })

  it('takes every small mistake for none, or for something else that is valid', () => {
    const good = `00-${trace}-${span}-01`
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.string({ maxLength: 2 }), (at, text) => {
        const header = good.slice(0, at) + text + good.slice(at + 1)
        const parent = parseTraceparent(header)
        if (parent === undefined) return
        expect(parent.traceId).toMatch(/^[0-9a-f]{32}$/)
        expect(parent.spanId).toMatch(/^[0-9a-f]{16}$/)
      }),
      { seed: 1, numRuns: 500 },
    )
  })
})

describe('traceId', () => {
  it('is new each time, and never of zeros alone', () => {
    const random = seededRandom(1)
    const all = new Set(Array.from({ length: 1_000 }, () => traceId(random)))

    expect(all.size).toBe(1_000)
    expect([...all].filter((id) => !/^[0-9a-f]{32}$/.test(id))).toEqual([])
    expect(traceId(() => 0)).toBe(`${'0'.repeat(31)}1`)
    expect(traceId()).not.toBe(traceId())
  })
})

describe('spanId', () => {
  it('is half as long', () => {
    expect(spanId(() => 0)).toBe('0000000000000001')
    expect(spanId(() => 0.999999999999)).toBe('f'.repeat(16))
    expect(spanId()).toMatch(/^[0-9a-f]{16}$/)
  })
})
