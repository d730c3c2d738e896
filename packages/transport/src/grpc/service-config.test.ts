import { describe, expect, it } from 'vitest'
import { serviceConfig } from './service-config.ts'

const of = { service: 'kernel.Kernel', methods: ['Tail'] }

describe('serviceConfig', () => {
  it('has a method tried again, with nine digits in each duration and a budget for all', () => {
    const retries = { is: 'retry', attempts: 3, backoff: { initial: 100, max: 1_500 } } as const

    expect(JSON.parse(serviceConfig({ ...of, retries }))).toEqual({
      methodConfig: [
        {
          name: [{ service: 'kernel.Kernel', method: 'Tail' }],
          retryPolicy: {
            maxAttempts: 3,
            initialBackoff: '0.100000000s',
            maxBackoff: '1.500000000s',
            backoffMultiplier: 1.6,
            retryableStatusCodes: ['UNAVAILABLE'],
          },
        },
      ],
      retryThrottling: { maxTokens: 10, tokenRatio: 0.1 },
    })
  })

  it('has a method hedged', () => {
    const config = serviceConfig({ ...of, retries: { is: 'hedge', attempts: 2, after: 20, maxTokens: 100 } })

    expect(JSON.parse(config)).toMatchObject({
      methodConfig: [{ hedgingPolicy: { maxAttempts: 2, hedgingDelay: '0.020000000s' } }],
      retryThrottling: { maxTokens: 100 },
    })
  })

  it('refuses what grpc-js would cut down or misread', () => {
    const retries = { is: 'retry', backoff: { initial: 1, max: 1 } } as const

    for (const attempts of [1, 6, 2.5])
      expect(() => serviceConfig({ ...of, retries: { ...retries, attempts } })).toThrow(
        'a whole number from 2 to 5',
      )
    expect(() => serviceConfig({ ...of, retries: { is: 'hedge', attempts: 2, after: -1 } })).toThrow(
      'a number of ms',
    )
  })
})
