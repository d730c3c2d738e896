import { describe, expect, it } from 'vitest'
import { redactPartial } from './redact-partial.ts'

describe('redactPartial', () => {
  it.each([
    ['{"msg":"a","auth":"hunter2","b":1', '{"msg":"a","auth":"[redacted]","b":1'],
    ['got { "otp" : "1234567" } from ann', 'got { "otp" : "[redacted]" } from ann'],
    [String.raw`{"pass":"hun\"ter\\","a":"b"`, '{"pass":"[redacted]","a":"b"'],
    ['{"cookie":"cut off', '{"cookie":"[redacted]'],
    ['{"max_tokens":"100","auth":true', '{"max_tokens":"100","auth":true'],
    [String.raw`{"text":"\"auth\":\"a\"","n":1`, String.raw`{"text":"\"auth\":\"a\"","n":1`],
    ['{"auth":"","pass":""', '{"auth":"","pass":""'],
    ['no object at all', 'no object at all'],
  ])('makes of %s %s', (text, told) => {
    expect(redactPartial(text)).toBe(told)
  })

  it('hides every one of many, in a text of a million characters', () => {
    const told = redactPartial(`{${'"auth":"hunter2",'.repeat(60_000)}`)

    expect(told).not.toContain('hunter2')
    expect(told.match(/\[redacted\]/g)).toHaveLength(60_000)
  })
})
