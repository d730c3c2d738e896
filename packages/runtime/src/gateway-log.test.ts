import type { GatewayEvent, LinkFailure } from '@holdfast/gateway'
import { describe, expect, it } from 'vitest'
import { gatewayLines } from './gateway-lines.ts'

const told = (...events: GatewayEvent[]): string[] => {
  const lines: string[] = []
  const tell = gatewayLines((line) => lines.push(line))
  for (const event of events) tell(event)
  return lines
}
const failure = (link: string, reason: LinkFailure['class'] = 'transient'): LinkFailure => ({
  link,
  class: reason,
  message: 'no',
  attempts: 1,
})
const answered = (link: string, ...failures: LinkFailure[]): GatewayEvent => {
  return { type: 'chain.answered', chain: 'default', link, attempts: failures.length + 1, failures, ms: 12.4 }
}

describe('gatewayLines', () => {
  it('says nothing while the first link answers', () => {
    expect(told(answered('primary'), answered('primary'))).toEqual([])
  })

  it('says once who took over and why, and once who is back', () => {
    expect(
      told(
        answered('primary'),
        answered('rules', failure('primary'), failure('secondary', 'open')),
        answered('rules', failure('primary', 'open'), failure('secondary', 'open')),
        answered('primary'),
      ),
    ).toEqual([
      'default: rules took over from primary (primary: transient, secondary: open), 3 attempts, 12 ms',
      'default: primary answers again, 1 attempt, 12 ms',
    ])
  })

  it('says so when the very first answer comes from further down', () => {
    expect(told(answered('secondary', failure('primary', 'timeout')))).toEqual([
      'default: secondary took over (primary: timeout), 2 attempts, 12 ms',
    ])
  })

  it('keeps chains apart', () => {
    expect(told(answered('primary'), { ...answered('secondary'), chain: 'other' } as GatewayEvent)).toEqual(
      [],
    )
  })

  it('says every time that nobody could answer, or go on', () => {
    const facts = { chain: 'default', failures: [failure('primary')], ms: 1_000 }

    expect(told({ type: 'chain.exhausted', ...facts }, { type: 'chain.broke-off', ...facts })).toEqual([
      'default: nobody could answer (primary: transient), 1000 ms',
      'default: an answer broke off and nobody could go on with it (primary: transient), 1000 ms',
    ])
  })

  it('says what a breaker does', () => {
    const policy = 'primary'

    expect(
      told(
        { type: 'breaker.opened', policy, openFor: 3_000, error: new Error('503') },
        { type: 'breaker.half-opened', policy },
        { type: 'breaker.closed', policy },
        { type: 'breaker.isolated', policy },
      ),
    ).toEqual([
      'primary: breaker opened for 3000 ms, after: 503',
      'primary: breaker lets a probe through',
      'primary: breaker closed',
      'primary: breaker isolated',
    ])
  })
})
