import { describe, expect, it } from 'vitest'
import { demandSupported } from './supported-platform.ts'

describe('demandSupported', () => {
  it('refuses Windows in a sentence that says what to do', () => {
    expect(() => demandSupported('win32')).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_PLATFORM',
        message: expect.stringMatching(/^Holdfast does not keep processes on Windows, .*; run it in WSL/),
      }),
    )
  })

  it.each(['linux', 'darwin', 'freebsd'] as const)('takes %s', (platform) => {
    expect(() => demandSupported(platform)).not.toThrow()
  })
})
