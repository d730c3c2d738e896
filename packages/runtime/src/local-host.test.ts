import { describe, expect, it } from 'vitest'
import { isLocalHost } from './local-host.ts'

describe('isLocalHost', () => {
  it.each(['127.0.0.1:4701', '127.0.0.1', '[::1]:4701', 'localhost:4701', 'LOCALHOST', '192.168.1.7:80'])(
    'knows %s',
    (host) => {
      expect(isLocalHost(host)).toBe(true)
    },
  )

  it.each([
    undefined,
    '',
    'evil.example',
    'evil.example:4701',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'a b',
  ])('does not take %s for this machine', (host) => {
    expect(isLocalHost(host)).toBe(false)
  })
})
