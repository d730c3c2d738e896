import { describe, expect, it } from 'vitest'
import type { LineOrigin } from './child-line.ts'
import { childLines } from './child-lines.ts'

const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj'
const begin = '-----BEGIN PRIVATE KEY-----'
const end = '-----END PRIVATE KEY-----'

/** What is told of lines, each of stdout of the service `s` unless it says otherwise. */
const told = (lines: readonly (string | readonly [string, Partial<LineOrigin>])[]): string[] => {
  const read = childLines()
  return lines.flatMap((each) => {
    const [line, but] = typeof each === 'string' ? [each, {}] : each
    const { record } = read(line, { service: 's', stream: 'stdout', ...but }) ?? {}
    return record ? [record.msg] : []
  })
}

describe('childLines', () => {
  it('gives a line to keep and what is told of it, both without secrets, also where nothing is told', () => {
    const hear = childLines()
    const heard = (line: string, least: LineOrigin['least'] = 'trace') =>
      hear(line, { service: 's', replica: 2, stream: 'stdout', least })
    const from = { service: 's', replica: 2 }

    expect(heard('password=hunter2x ')).toEqual({
      text: 'password=[redacted]',
      record: { ...from, level: 'info', msg: 'password=[redacted]', fields: {} },
    })
    expect(heard('{"msg":"x",  "n":1}')).toEqual({
      text: '{"msg":"x",  "n":1}',
      record: { ...from, level: 'info', msg: 'x', fields: { n: 1 } },
    })
    expect(heard('{"msg":"token=abc123DEF456","dsn":"x"}')).toEqual({
      text: '{"msg":"token=[redacted]","dsn":"[redacted]"}',
      record: { ...from, level: 'info', msg: 'token=[redacted]', fields: { dsn: '[redacted]' } },
    })
    expect(heard('pwd=hunter2x', 'silent')).toEqual({ text: 'pwd=[redacted]', record: undefined })
    expect(heard('')).toEqual({ text: '', record: undefined })
  })

  it('tells nothing of a private key but that it begins and ends (I1)', () => {
    const header = ['Proc-Type: 4,ENCRYPTED', 'DEK-Info: AES-256-CBC,00', '']

    expect(told([`loaded ${begin}`, ...header, body, body, 'Ab==', end, 'ok then'])).toEqual([
      'loaded [redacted]',
      end,
      'ok then',
    ])
  })

  it('knows of a key by its stream, and tells what others say meanwhile', () => {
    const lines = [begin, ['started', { service: 'other' }], ['warned', { stream: 'stderr' }], body] as const

    expect(told(lines)).toEqual(['[redacted]', 'started', 'warned'])
  })

  it('ends a key that breaks off with the first line that is none of it, or after 128 (I2)', () => {
    expect(told([begin, body, 'it is over', body])).toEqual(['[redacted]', 'it is over', body])
    expect(told([begin, ...Array<string>(130).fill(body)])).toEqual(['[redacted]', body, body])
  })

  it('leaves what is no private key, and a key within one line, to childLine', () => {
    const whole = `${begin}\\n${body}\\n${end}`

    expect(told(['-----BEGIN CERTIFICATE-----', body, whole, body])).toEqual([
      '-----BEGIN CERTIFICATE-----',
      body,
      '[redacted]',
      body,
    ])
  })
})
