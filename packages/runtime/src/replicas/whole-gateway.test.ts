import { describe, expect, it } from 'vitest'
import { component } from '../component.ts'
import { sampleChain, sampleLink } from '../testing/index.ts'
import { wholeGateway, wholeParts } from './whole-gateway.ts'

describe('wholeGateway', () => {
  const chain = (requests: number, breaker: 'closed' | 'open', lastAnsweredBy: string) =>
    sampleChain('default', {
      links: [
        { ...sampleLink('a', breaker), attempts: requests, inFlight: requests, failures: { transient: 1 } },
        sampleLink('rules'),
      ],
      counts: {
        requests,
        failed: 1,
        refused: 0,
        cancelled: 0,
        answered: { [lastAnsweredBy]: requests },
        passedOver: { a: { [breaker]: 1 } },
      },
      lastAnsweredBy,
    })

  it('sums up the counts, and tells a breaker as where it is worst', () => {
    const whole = wholeGateway([
      { inFlight: 1, chains: [chain(2, 'closed', 'a')] },
      { inFlight: 2, chains: [chain(3, 'open', 'rules'), sampleChain('new')] },
    ])

    expect(whole).toMatchObject({ inFlight: 3, chains: [{ name: 'default' }, { name: 'new' }] })
    expect(whole?.chains[0]).toMatchObject({
      links: [
        { name: 'a', breaker: { is: 'open' }, attempts: 5, inFlight: 5, failures: { transient: 2 } },
        { name: 'rules', breaker: undefined, attempts: 0 },
      ],
      counts: {
        requests: 5,
        failed: 2,
        answered: { a: 2, rules: 3 },
        passedOver: { a: { closed: 1, open: 1 } },
      },
      lastAnsweredBy: undefined,
    })
  })

  it('is that of the one process as it is, and nothing without any', () => {
    const only = { inFlight: 1, chains: [chain(2, 'closed', 'a')] }

    expect(wholeGateway([only])).toBe(only)
    expect(wholeGateway([])).toBeUndefined()
  })
})

describe('wholeParts', () => {
  const well = component('upstream', 'a')
  const open = component('upstream', 'a', { level: 'unhealthy', reason: 'its breaker is open' })
  const probing = component('upstream', 'a', { level: 'degraded', reason: 'its breaker is half-open' })

  it.each([
    [[well, [], []], 'healthy', undefined],
    [[open], 'unhealthy', 'its breaker is open'],
    [[open, [open]], 'unhealthy', 'its breaker is open'],
    [[well, [open], []], 'degraded', 'in 1 of 3 replicas: its breaker is open'],
    [[open, []], 'degraded', 'in 1 of 2 replicas: its breaker is open'],
    [[probing, [open]], 'degraded', 'its breaker is open'],
  ] as const)('of %j is %s: %s', ([own, ...others], level, reason) => {
    expect(wholeParts([own], others)[0]).toMatchObject({ ...own, level, ...(reason && { reason }) })
  })

  it('takes no part for another one of the same name', () => {
    const chain = component('chain', 'a')

    expect(wholeParts([chain], [[open]])).toEqual([chain])
  })
})
