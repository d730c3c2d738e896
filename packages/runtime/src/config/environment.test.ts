// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment look like that
import { describe, expect, it } from 'vitest'
import { fillReferences, hideReferences, type Reference, shown } from './environment.ts'

const filled = (text: string, environment: Record<string, string> = {}): string =>
  fillReferences(hideReferences(text), environment, () => undefined)
const seen = (text: string, environment: Record<string, string> = {}): Omit<Reference, 'hidden'>[] => {
  const references: Omit<Reference, 'hidden'>[] = []
  fillReferences(hideReferences(text), environment, ({ name, value }) => references.push({ name, value }))
  return references
}

describe('hideReferences', () => {
  const text = 'a: { b: ${X}, c: "${Y:-{d: e} # f}" } # $${Z}'

  it('moves nothing', () => {
    expect(hideReferences(text)).toHaveLength(text.length)
    expect(hideReferences(text).indexOf('c:')).toBe(text.indexOf('c:'))
  })

  it('leaves nothing of a reference that could mean something', () => {
    expect(hideReferences('${X:- #:,[]{&*!|>\'"%@`}')).toMatch(/^[\uE000-\uF8FF]+$/)
  })

  it('can be undone', () => {
    expect(shown(hideReferences(text))).toBe(text)
  })

  it('does not take other braces for references', () => {
    const others = '{a: b} $X ${} ${1} ${a-b} $ {X} ${X:-\n} ${X:y}'

    expect(hideReferences(others)).toBe(others)
  })
})

describe('fillReferences', () => {
  it.each([
    ['${X}', 'x'],
    ['http://${X}:${Y}/', 'http://x:y/'],
    ['${X:-other}', 'x'],
    ['${UNSET:-other}', 'other'],
    ['${EMPTY:-other}', 'other'],
    ['${UNSET:-}', ''],
    ['${UNSET:-größer: "1" # }', 'größer: "1" # '],
    ['$${X}', '${X}'],
    ['$${X:-y} and ${X}', '${X:-y} and x'],
    ['no reference', 'no reference'],
  ])('makes of %s what it says', (text, meant) => {
    expect(filled(text, { X: 'x', Y: 'y', EMPTY: '' })).toBe(meant)
  })

  it('takes a value as it is, even if it looks like a reference or a pattern', () => {
    expect(filled('${X}', { X: '${Y} $& $1 \uE005' })).toBe('${Y} $& $1 \uE005')
  })

  it('tells each reference with its value, and without one if it is not set', () => {
    expect(seen('${X} ${UNSET} ${EMPTY} ${D:-d} $${Z}', { X: 'x', EMPTY: '' })).toEqual([
      { name: 'X', value: 'x' },
      { name: 'UNSET', value: undefined },
      { name: 'EMPTY', value: undefined },
      { name: 'D', value: 'd' },
    ])
  })

  it('does not take what every object has for a variable', () => {
    expect(seen('${constructor}')).toEqual([{ name: 'constructor', value: undefined }])
  })

  it('leaves letters of the private use area alone', () => {
    expect(filled('\uE000 \uE024 \uE07B\uE07D')).toBe('\uE000 \uE024 \uE07B\uE07D')
  })
})
