import { describe, expect, it } from 'vitest'
import { healthService } from './health-messages.ts'

const { requestSerialize, requestDeserialize, responseSerialize, responseDeserialize } = healthService.Check

describe('healthService', () => {
  it('writes messages as protobuf does', () => {
    expect(requestSerialize({ service: 'ab' }).toString('hex')).toBe('0a026162')
    expect(requestSerialize({ service: '' })).toHaveLength(0)
    expect(responseSerialize('SERVING').toString('hex')).toBe('0801')
    expect(responseSerialize('UNKNOWN')).toHaveLength(0)
  })

  it.each(['', 'kernel.Kernel', 'ü', 'x'.repeat(300)])('reads the name that it wrote: %s', (name) => {
    expect(requestDeserialize(requestSerialize({ service: name }))).toEqual({ service: name })
  })

  it.each(['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const)(
    'reads the status that it wrote: %s',
    (status) => {
      expect(responseDeserialize(responseSerialize(status))).toBe(status)
    },
  )

  it('takes no other message for a name, and a status that it does not know for unknown', () => {
    expect(() => requestDeserialize(Buffer.from('0a056162', 'hex'))).toThrow('no HealthCheckRequest')
    expect(responseDeserialize(Buffer.from('0809', 'hex'))).toBe('UNKNOWN')
  })
})
