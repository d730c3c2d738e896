import { describe, expect, it } from 'vitest'
import { coloured, paint, widthOf } from './paint.ts'

describe('coloured', () => {
  it.each([
    ['a terminal', true, {}, true],
    ['a pipe', false, {}, false],
    ['a terminal that knows none', true, { TERM: 'dumb' }, false],
    ['NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['NO_COLOR against FORCE_COLOR', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['FORCE_COLOR in a pipe', false, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0 in a pipe', false, { FORCE_COLOR: '0' }, false],
  ])('for %s', (_, isTTY, environment, answer) => {
    expect(coloured({ isTTY }, environment)).toBe(answer)
  })
})

describe('paint', () => {
  it('colours where it may, and ends each colour', () => {
    const { bold, dim, red, green, yellow } = paint(true)

    expect([bold, dim, red, green, yellow].map((colour) => colour('x'))).toEqual([
      '\x1b[1mx\x1b[22m',
      '\x1b[2mx\x1b[22m',
      '\x1b[31mx\x1b[39m',
      '\x1b[32mx\x1b[39m',
      '\x1b[33mx\x1b[39m',
    ])
  })

  it('leaves the text alone where it may not', () => {
    expect(paint(false).red('x')).toBe('x')
  })
})

describe('widthOf', () => {
  it('leaves colours out', () => {
    expect(widthOf(paint(true).bold(paint(true).red('● ready')))).toBe(7)
  })
})
