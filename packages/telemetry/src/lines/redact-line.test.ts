import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redactLine } from './redact-line.ts'
import { isSecret } from './secret-key.ts'

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

  it('finds what JSON escapes: colours, letters of a name, and slashes', () => {
    expect(redactLine('{"msg":"\\u001b[1mpassword\\u001b[0m=hunter2x"}')).toBe(
      '{"msg":"password=[redacted]"}',
    )
    expect(redactLine('{"\\u0070wd":"hunter2x"}')).toBe('{"pwd":"[redacted]"}')
    expect(redactLine('{"a":"http:\\/\\/u:hunter2x@h"}')).toBe('{"a":"http://u:[redacted]@h"}')
  })

  it('hides what stands under the name of a secret, however it is spelt', () => {
    const part = fc.constantFrom('api', 'x', 'DB', 'my', '')
    const name = fc.constantFrom(
      ...[
        'password',
        'passphrase',
        'secret',
        'apiKey',
        'access_key_id',
        'signing-key',
        'token',
        'otp',
        'dsn',
      ],
      ...['Authorization', 'set-cookie', 'cookie2', 'auth', 'credentials', 'X-Amz-Signature', 'sig', 'pwd'],
    )
    const between = fc.constantFrom('', '', '', '-', '_', '.', ' ', '\t', '\n')
    const spelt = fc
      .tuple(part, name, fc.array(between, { minLength: 24, maxLength: 24 }))
      .map(([before, after, gaps]) => [...before, ...after].map((char, at) => char + gaps[at]).join(''))
      .filter((each) => isSecret(each, 'hunter2x'))
    const property = fc.property(spelt, (key) => {
      for (const value of [
        { [key]: 'hunter2x' },
        [{ a: [key, 'hunter2x'] }],
        { name: key, value: 'hunter2x' },
      ])
        expect(redactLine(JSON.stringify({ value }))).not.toContain('hunter2x')
    })

    fc.assert(property, { seed: 1, numRuns: 500 })
  })

  it('takes linear time for a megabyte of what may be the beginning of a name', () => {
    for (const unit of ['p-', 'p- ', 's i ', '"pa ', '" ', '\\t', ':\\/\\/']) {
      const began = performance.now()
      redactLine(`"${unit.repeat(1_000_000 / unit.length)}`)
      redactLine(`"p${unit.repeat(1_000_000 / unit.length)}`)

      // Quadratic time would be minutes.
      expect(performance.now() - began).toBeLessThan(2_000)
    }
  })
})
