import { describe, expect, it } from 'vitest'
import type { LineOrigin } from './child-line.ts'
import { privateKeyLines } from './private-key-lines.ts'

const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj'
const begin = '-----BEGIN RSA PRIVATE KEY-----'
const end = '-----END RSA PRIVATE KEY-----'

const reader = () => {
  const inKey = privateKeyLines()
  return (line: string, from: Partial<LineOrigin> = {}) =>
    inKey(line, { service: 's', stream: 'stdout', run: '1', ...from })
}

describe('privateKeyLines', () => {
  it('knows the lines of a key between its first and its last, headers and an empty line among them (I1)', () => {
    const inKey = reader()
    const lines = ['before', `key: ${begin}`, 'Proc-Type: 4,ENCRYPTED', '', body, 'Ab==', end, 'after']

    expect(lines.filter((line) => inKey(line))).toEqual(['Proc-Type: 4,ENCRYPTED', '', body, 'Ab=='])
  })

  it('stops at the first line that is none of a key, and after 128 (I2)', () => {
    const inKey = reader()

    expect([begin, body, 'it is over', body].map((line) => inKey(line))).toEqual([false, true, false, false])
    expect([begin, ...Array<string>(130).fill(body)].filter((line) => inKey(line))).toHaveLength(128)
  })

  it('is done at once with a long line of blanks', () => {
    const inKey = reader()
    inKey(begin)

    expect(inKey(`${' '.repeat(1_000_000)}.`)).toBe(false)
  })

  it('leaves certificates, and a key within one line, alone', () => {
    const inKey = reader()
    const whole = `${begin}\\n${body}\\n${end}`

    expect(['-----BEGIN CERTIFICATE-----', body, whole, body].filter((line) => inKey(line))).toEqual([])
  })

  it('keeps two keys apart that are printed at the same time, and what others say meanwhile (I3)', () => {
    const inKey = reader()
    const err = { stream: 'stderr' } as const
    inKey(begin)
    inKey(begin, err)

    expect(inKey('started', { service: 'other' })).toBe(false)
    expect([inKey(body), inKey(body, err), inKey(end), inKey(body, err), inKey(body)]).toEqual([
      ...[true, true, false, true],
      false,
    ])
  })

  it('takes nothing of the next run for a key in which the last one ended, and lets nothing late of that one out (I3)', () => {
    const inKey = reader()
    inKey(begin)
    inKey(body)

    expect(inKey('started', { run: '2' })).toBe(false)
    expect(inKey('', { run: '2' })).toBe(false)
    expect(inKey(body)).toBe(true)
  })

  it('forgets the oldest of a thousand keys that never ended, and none that is newer (I4)', () => {
    const inKey = reader()
    for (let run = 0; run <= 1_000; run++) inKey(begin, { run: String(run) })

    expect([0, 1, 1_000].map((run) => inKey(body, { run: String(run) }))).toEqual([false, true, true])
  })
})
