import type { ProcessPolicies } from '@holdfast/runtime'
import { describe, expect, it } from 'vitest'
import { paint } from './paint.ts'
import { policyLines } from './policy-lines.ts'

const breaker = (name: string, is: string, rejected = 0) => ({ name, is, counts: { rejected } })
const lines = (...processes: unknown[]) => policyLines(processes as ProcessPolicies[], paint(false))

describe('policyLines', () => {
  it('shows breakers and policies with the process they are in', () => {
    const ai = {
      pid: 7,
      service: 'ai',
      omitted: 2,
      kinds: {
        breaker: [breaker('jira', 'open', 12), breaker('mail', 'half-open')],
        policy: [
          { name: 'ai', counts: { calls: 9, failures: 1 }, durations: { p50: 3.123, p99: 1_234.5 } },
          { name: 'idle', counts: { calls: 0, failures: 0 } },
        ],
        budget: [{ name: 'not shown' }],
      },
    }
    const job = {
      pid: 8,
      omitted: 0,
      kinds: { breaker: [breaker('jira', 'closed'), breaker('x', 'isolated'), breaker('y', 'disabled')] },
    }

    expect(lines(ai, job)).toEqual([
      '',
      'policies',
      '  jira  ○ open        ai (pid 7) · 12 rejected',
      '  mail  ◐ half-open   ai (pid 7)',
      '  ai    – policy      ai (pid 7) · 9 calls · 1 failed · p50 3.1 ms, p99 1235 ms',
      '  idle  – policy      ai (pid 7) · 0 calls',
      '                      ai (pid 7) · and 2 more',
      '  jira  ● closed      pid 8',
      '  x     ○ isolated    pid 8',
      '  y     ◐ disabled    pid 8',
    ])
  })

  it('says which process does not answer', () => {
    expect(lines({ pid: 7, service: 'ai' })).toEqual(['', 'policies', '    ○ silent      ai (pid 7)'])
  })

  it('is nothing when there is nothing, or only the edge', () => {
    expect(lines()).toEqual([])
    expect(
      lines({ pid: 7, service: 'edge', omitted: 0, kinds: { breaker: [breaker('a', 'open')] } }),
    ).toEqual([])
    expect(lines({ pid: 8, omitted: 0, kinds: {} })).toEqual([])
  })
})
