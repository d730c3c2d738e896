import { describe, expect, it } from 'vitest'
import { prettyLine } from './pretty-line.ts'

const line = (fields: object): string => `${JSON.stringify(fields)}\n`

describe('prettyLine', () => {
  it('puts time, level, service, message and fields on a line', () => {
    const pretty = prettyLine(
      line({
        ...{
          level: 'warn',
          time: '2026-11-21T10:00:00.123Z',
          service: 'api',
          pid: 7,
          trace_id: 'a',
          span_id: 'b',
        },
        ...{ correlation_id: 'c-1', path: '/a b', list: [1], msg: 'slow' },
      }),
      false,
    )

    expect(pretty).toBe('10:00:00.123 warn  api slow correlation_id=c-1 path="/a b" list=[1]\n')
  })

  it('paints the level', () => {
    expect(prettyLine(line({ level: 'error', msg: 'x' }), true)).toBe('\x1b[31merror\x1b[0m x\n')
    expect(prettyLine(line({ level: 'odd', msg: 'x' }), true)).toContain('\x1b[37modd  \x1b[0m')
  })

  it('tells an error and what caused it', () => {
    const cause = { type: 'TypeError', message: 'inner' }
    const err = { type: 'Error', message: 'outer', stack: 'Error: outer\n    at x.ts:1:1', cause }

    expect(prettyLine(line({ level: 'error', msg: 'bad', err }), false)).toBe(
      [
        'error bad',
        '    Error: outer',
        '        at x.ts:1:1',
        '    caused by',
        '    TypeError: inner',
        '',
      ].join('\n'),
    )
    expect(prettyLine(line({ err: { cause: { a: 1 } } }), false)).toContain('Error: {"a":1}')
  })

  it('leaves a line alone that is no object', () => {
    expect(['plain\n', '[1]\n', 'null\n'].map((text) => prettyLine(text, true))).toEqual([
      'plain\n',
      '[1]\n',
      'null\n',
    ])
  })

  it('lets nothing that is logged steer the terminal', () => {
    const evil = '\x1b]0;owned\x07\r\n\u202egnp.exe\u009b2J'
    const fields = { level: evil, service: evil, msg: evil, [evil]: 1, note: evil, err: { stack: evil } }

    expect(prettyLine(line(fields), false)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(prettyLine(`${evil}\n`, false)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  })
})
