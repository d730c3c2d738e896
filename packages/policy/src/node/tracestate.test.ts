import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatTracestate, parseTracestate } from './tracestate.ts'

const read = (header: Parameters<typeof parseTracestate>[0]) => [...parseTracestate(header)]
const numbered = (count: number) => Array.from({ length: count }, (_, n) => `k${n}=v`).join(',')

describe('parseTracestate', () => {
  it('reads members in their order', () => {
    expect(read('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE')).toEqual([
      ['rojo', '00f067aa0ba902b7'],
      ['congo', 't61rcWkgMzE'],
    ])
    expect(read('0tenant@system=1')).toEqual([['0tenant@system', '1']])
    expect(read('a= x y')).toEqual([['a', ' x y']])
    expect(read(undefined)).toEqual([])
  })

  it('allows spaces around members, empty members, and several headers', () => {
    expect(read(' a=1 ,\tb=2,, ')).toEqual([
      ['a', '1'],
      ['b', '2'],
    ])
    expect(read(['a=1', 'b=2'])).toEqual(read('a=1,b=2'))
  })

  it.each([
    'a',
    '=1',
    'a=',
    'A=1',
    '0a=1',
    'a =1',
    'a@0=1',
    `a@${'b'.repeat(15)}=1`,
    `${'a'.repeat(257)}=1`,
    'a=1=2',
    'a=\u00e9',
    `a=${'x'.repeat(257)}`,
    'a=1,a=2',
    'a=1,B=2',
    'a=1;b=2=',
    numbered(33),
    `a=${' '.repeat(9_000)}`,
  ])('drops the whole of %j', (header) => {
    expect(read(header)).toEqual([])
  })

  it('reads as many members, and such long ones, as the standard allows', () => {
    expect(read(numbered(32))).toHaveLength(32)
    expect(read(`${'a'.repeat(256)}=${'x'.repeat(256)}`)).toHaveLength(1)
    expect(read(`${'a'.repeat(241)}@${'b'.repeat(14)}=1`)).toHaveLength(1)
  })
})

describe('formatTracestate', () => {
  const text = (characters: string, most: number) =>
    fc.array(fc.constantFrom(...characters), { minLength: 1, maxLength: most }).map((all) => all.join(''))
  const key = text('abcxyz', 20)
  const value = text('abc XYZ09!~;', 20).map((each) => `${each}.`)

  it('writes what parseTracestate reads', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(key, value), { selector: ([k]) => k, maxLength: 32 }),
        (members) => {
          // A value may begin with a space, but the first member's key never does.
          expect(read(formatTracestate(members))).toEqual(members)
        },
      ),
      { seed: 1, numRuns: 200 },
    )
  })

  it('leaves out what is not well-formed, and what is too much', () => {
    expect(
      formatTracestate([
        ['A', '1'],
        ['a', 'x,y'],
        ['b', ''],
      ]),
    ).toBeUndefined()
    expect(
      formatTracestate([
        ['A', '1'],
        ['a', '1'],
      ]),
    ).toBe('a=1')
    expect(formatTracestate(Array.from({ length: 40 }, (_, n) => [`k${n}`, 'v'] as const))).toBe(numbered(32))
    expect(formatTracestate([])).toBeUndefined()
  })
})
