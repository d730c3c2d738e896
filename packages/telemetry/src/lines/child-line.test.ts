import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { childLine } from './child-line.ts'

const out = (line: string) => childLine(line, { service: 'api', stream: 'stdout' })
const err = (line: string) => childLine(line, { service: 'api', stream: 'stderr' })
const json = (fields: object) => out(JSON.stringify(fields))

describe('childLine', () => {
  it.each([
    [
      'pino',
      { level: 40, time: 1_700_000_000_000, pid: 7, hostname: 'h', msg: 'slow', ms: 3 },
      { level: 'warn', time: '2023-11-14T22:13:20.000Z', msg: 'slow', fields: { pid: 7, ms: 3 } },
    ],
    [
      'bunyan',
      { name: 'app', hostname: 'h', pid: 7, level: 60, msg: 'gone', time: '2023-11-14T22:13:20Z', v: 0 },
      { level: 'fatal', time: '2023-11-14T22:13:20.000Z', msg: 'gone', fields: { name: 'app', pid: 7 } },
    ],
    [
      'winston',
      { level: 'verbose', message: 'x', timestamp: '2023-11-14T22:13:20Z' },
      { level: 'debug', time: '2023-11-14T22:13:20.000Z', msg: 'x', fields: {} },
    ],
    [
      'structlog',
      { event: 'x', level: 'critical', timestamp: '2023-11-14T22:13:20Z', user: 1 },
      { level: 'fatal', time: '2023-11-14T22:13:20.000Z', msg: 'x', fields: { user: 1 } },
    ],
    [
      'zap',
      { level: 'ERROR', ts: 1_700_000_000.5, msg: 'x', caller: 'a.go:1' },
      { level: 'error', time: '2023-11-14T22:13:20.500Z', msg: 'x', fields: { caller: 'a.go:1' } },
    ],
    [
      'another of syslog severities',
      { severity: '3', message: 'x', time: 'never' },
      { level: 'error', msg: 'x', fields: { time_: 'never' } },
    ],
    [
      'one that calls how long it took its time',
      { msg: 'x', time: 35, timestamp: '2023-11-14T22:13:20Z' },
      { level: 'info', time: '2023-11-14T22:13:20.000Z', msg: 'x', fields: { time_: 35 } },
    ],
    [
      'Holdfast',
      { level: 'info', service: 'kernel', trace_id: 'a', correlation_id: 'c', msg: 'x' },
      { level: 'info', msg: 'x', fields: { trace_id: 'a', correlation_id: 'c' } },
    ],
    ['one without a level', { msg: 'x' }, { level: 'info', msg: 'x', fields: {} }],
    [
      'one without a message',
      { err: { message: 'bad' } },
      { level: 'info', msg: 'bad', fields: { err: { message: 'bad' } } },
    ],
    ['one whose message is no text', { msg: { a: 1 } }, { level: 'info', msg: '{"a":1}', fields: {} }],
    ['one with an odd level', { level: 'constructor', msg: 'x' }, { level: 'info', msg: 'x', fields: {} }],
    ['one with a level below none', { level: -1, msg: 'x' }, { level: 'info', msg: 'x', fields: {} }],
    [
      'two names of one thing',
      { msg: 'x', message: 'y' },
      { level: 'info', msg: 'x', fields: { message: 'y' } },
    ],
  ])('reads a line of %s', (_, fields, expected) => {
    expect(json(fields)).toEqual({ service: 'api', ...expected })
  })

  it.each([
    [1_700_000_000, '2023-11-14T22:13:20.000Z'],
    ['1700000000000', '2023-11-14T22:13:20.000Z'],
    [1_700_000_000_000_000, '2023-11-14T22:13:20.000Z'],
    ['1700000000000000000', '2023-11-14T22:13:20.000Z'],
    [Number.MAX_VALUE, undefined],
    [35, undefined],
    ['35', undefined],
    ['Jan 2 15:04:05', undefined],
    [{}, undefined],
  ])('takes %j for the time %j', (time, iso) => {
    expect(json({ msg: 'x', time })?.time).toBe(iso)
  })

  it.each([
    ['listening on 3000', 'info', 'warn'],
    ['ERROR: no', 'error', 'error'],
    ['2026-11-21 10:00:00,123 WARNING something', 'warn', 'warn'],
    ['[debug] x', 'debug', 'debug'],
    ['10:00:00 INFO x', 'info', 'info'],
    ['info: x', 'info', 'info'],
    ['time=x level=error msg=y', 'error', 'error'],
    ['TypeError: x is not a function', 'error', 'error'],
    ['Traceback (most recent call last):', 'error', 'error'],
    ['panic: runtime error', 'fatal', 'fatal'],
    ['Error handling is done', 'info', 'warn'],
    ['http://127.0.0.1', 'info', 'warn'],
    ['{not json', 'info', 'warn'],
    ['[1]', 'info', 'warn'],
  ])('hears of %j that it is %s, and %s on stderr', (line, level, onStderr) => {
    expect([out(line), err(line)]).toEqual([
      { level, service: 'api', msg: line, fields: {} },
      { level: onStderr, service: 'api', msg: line, fields: {} },
    ])
  })

  it('says nothing of an empty line, and nothing of colours', () => {
    expect([out(''), out(' \r'), out('\x1b[0m')]).toEqual([undefined, undefined, undefined])
    expect(out('\x1b[31mERROR\x1b[0m bad\r')).toMatchObject({ level: 'error', msg: 'ERROR bad' })
  })

  it('tells no secret', () => {
    const said = [
      out('started with password=hunter2'),
      json({
        msg: 'token=hunter2x',
        headers: { cookie: 'hunter2' },
        err: { stack: 'at https://a:hunter2@h' },
      }),
      json({ msg: { password: 'hunter2' } }),
    ]

    expect(JSON.stringify(said)).not.toContain('hunter2')
  })

  it('makes a record of any text at all', () => {
    const line = fc.oneof(fc.string({ unit: 'grapheme' }), fc.json())
    const property = fc.property(line, (text) => {
      const record = out(text)

      expect(record === undefined || typeof record.msg === 'string').toBe(true)
      expect(() => JSON.stringify(record)).not.toThrow()
    })

    fc.assert(property, { seed: 1, numRuns: 500 })
  })
})
