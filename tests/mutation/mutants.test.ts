import { describe, expect, it } from 'vitest'
import { mutants } from './mutants.ts'

const made = (source: string): string[] =>
  mutants(source).map(({ start, end, to }) => source.slice(0, start) + to + source.slice(end))

describe('mutants', () => {
  it('turn comparisons, arithmetic and logic round', () => {
    expect(made('const a = b < c')).toEqual(['const a = b <= c', 'const a = b >= c'])
    expect(made('const a = b - c')).toEqual(['const a = b + c'])
    expect(made('const a = b && !c')).toEqual(['const a = b || !c', 'const a = b && c'])
    expect(made('const a = Math.max(b, c)')).toEqual(['const a = Math.min(b, c)'])
  })

  it('fix conditions, and change numbers and booleans', () => {
    expect(made('const a = b ? c : d')).toEqual(['const a = true ? c : d', 'const a = false ? c : d'])
    expect(made('const a = [0, 7, true]')).toEqual([
      'const a = [1, 7, true]',
      'const a = [0, (7 + 1), true]',
      'const a = [0, 7, false]',
    ])
  })

  it('leave out statements, and what a function answers', () => {
    expect(made('a()')).toEqual([';'])
    expect(made('const f = () => { return a }')).toEqual(['const f = () => { return }'])
    expect(made('this.a++')).toEqual([';', 'this.a--'])
  })

  it('find their place behind any character, and in what types only accompany', () => {
    expect(made('/* é 𝒳 */ const a: 1 | 2 = (b as 3)! + c')).toEqual([
      '/* é 𝒳 */ const a: 1 | 2 = (b as 3)! - c',
    ])
  })

  it('leave types, texts and imports alone', () => {
    expect(
      made("import { a } from 'a'; type B = 1 | true; const c = 'd' + `e`; interface F { g: 2 }"),
    ).toEqual([])
  })
})
