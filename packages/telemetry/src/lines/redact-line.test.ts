import { describe, expect, it } from 'vitest'
import { redactLine } from './redact-line.ts'

describe('redactLine', () => {
  it('leaves a line without secrets as it was said', () => {
    for (const line of [
      '',
      '  at f (a.ts:1)',
      '{"msg":"x",  "n": 12345678901234567890}',
      '{"cut":',
      '[1, 2]',
    ])
      expect(redactLine(line)).toBe(line)
  })

  it('takes colours away, so that no secret hides behind them', () => {
    expect(redactLine('\x1b[31mpassword\x1b[0m=hunter2x \x1b[1mdone\x1b[0m  ')).toBe(
      'password=[redacted] done',
    )
  })

  it('finds in an object what its names tell, however deep', () => {
    expect(redactLine('{"db": {"dsn": "x y z", "auth": ["authorization", "abcdef"]}, "n": 1}')).toBe(
      '{"db":{"dsn":"[redacted]","auth":["authorization","[redacted]"]},"n":1}',
    )
    expect(redactLine('{"credentials":{"user":"anna","code":7}}')).toBe('{"credentials":"[redacted]"}')
  })

  it('finds it where a name stands twice, and in an object that is cut off', () => {
    expect(redactLine('{"password":"hunter2","password":null}')).toBe(
      '{"password":"[redacted]","password":null}',
    )
    expect(redactLine('{"dsn":"x y z","msg":"cut o')).toBe('{"dsn":"[redacted]","msg":"cut o')
  })
})
