import { fallbackUsage } from './answer.ts'
import type { Act, Check, Evidence, Role, Scenario } from './scenario.ts'

/** How much shorter than in the table the clock of S15 runs: 1 is the real one. */
export interface Timing {
  readonly outage: number
  /** In which time the primary has to be in use again, in ms: half the outage unless it is said. */
  readonly back?: number
}

/** The sixteen faults of the public Failover Bench (methodology v0.1), in its words. */
export function scenarios({ outage, back = 30_000 * outage }: Timing): Scenario[] {
  const recovery = 60_000 * outage
  return [
    one('S01', 'a 429 that says Retry-After: 2, once', {
      act: primary((nth) => (nth === 1 ? { ...refusal(429), retryAfter: 2 } : answer)),
      checks: [
        must('waits as long as was asked', ({ seen }) => (at(seen, 'primary')[1] ?? 0) >= 1_800),
        must('asks the same provider again', ({ seen }) => count(seen, 'primary') >= 2),
        must('at most 2 attempts in 1.5 s', ({ seen }) => early(seen, 1_500) <= 2),
      ],
    }),
    one('S02', '429 always, without Retry-After', {
      act: primary(() => refusal(429)),
      checks: [must('at most 4 attempts in 3 s', ({ seen }) => early(seen, 3_000) <= 4), atMost(6)],
    }),
    one('S03', '500 once', {
      act: primary((nth) => (nth === 1 ? refusal(500) : answer)),
      checks: [must('asks the same provider again', ({ seen }) => count(seen, 'primary') >= 2)],
    }),
    one('S04', '503 always', { act: primary(() => refusal(503)), checks: [atMost(6)] }),
    one('S05', 'a connection reset before any byte', {
      act: primary((nth) => (nth === 1 ? { does: 'reset' } : answer)),
      checks: [],
    }),
    one('S06', 'accepted, and never answered', {
      act: primary(() => ({ does: 'be silent', for: 120_000 })),
      within: 100_000,
      checks: [oncePrimary],
    }),
    one('S07', 'headers at once, the first token after 20 s', {
      act: primary(() => ({ does: 'think', for: 20_000 })),
      within: 15_000,
      checks: [],
    }),
    one('S08', 'a stream cut after 40 of 60 words', {
      act: primary(() => ({ does: 'cut', words: 40 })),
      checks: [],
    }),
    one('S09', 'a stream silent for 30 s after 20 words', {
      act: primary(() => ({ does: 'stall', words: 20, for: 30_000 })),
      within: 45_000,
      checks: [],
    }),
    one('S10', 'a tenth event that is no JSON', {
      act: primary(() => ({ does: 'garble', event: 10 })),
      checks: [],
    }),
    one('S11', 'a whole stream without [DONE]', {
      act: primary(() => ({ does: 'forget [DONE]' })),
      within: 8_000,
      checks: [better('reports usage', ({ calls }) => calls.every(({ usage }) => usage !== undefined))],
    }),
    one('S12', '400 context_length_exceeded always', {
      act: primary(() => ({ does: 'refuse', status: 400, code: 'context_length_exceeded' })),
      checks: [oncePrimary],
    }),
    one('S13', '400 content_policy_violation always', {
      act: primary(() => ({ does: 'refuse', status: 400, code: 'content_policy_violation' })),
      refusal: /content_policy_violation/,
      checks: [
        oncePrimary,
        better('nobody is asked to get round it', ({ seen }) => count(seen, 'fallback') === 0),
      ],
    }),
    one('S14', 'a stream cut after 40 words, before a fallback that refuses a prefill', {
      act: ({ role, prefilled }) => {
        if (role === 'primary') return { does: 'cut', words: 40 }
        return prefilled ? { does: 'refuse', status: 400, code: 'prefill_not_supported' } : answer
      },
      prefill: true,
      checks: [
        must('the refusal of the prefill reaches nobody', ({ calls }) =>
          calls.every(({ raw }) => !raw.includes('prefill_not_supported')),
        ),
      ],
    }),
    one('S15', '503 for 60 s, then well; 20 requests, one every 4 s', {
      act: ({ role, at: now }) => (role === 'primary' && now < recovery ? refusal(503) : answer),
      requests: 20,
      every: 4_000 * outage,
      checks: [
        must('the primary is asked again within 30 s', ({ seen }) =>
          at(seen, 'primary').some((when) => when >= recovery && when <= recovery + back),
        ),
        better(
          'few probes',
          ({ seen }) => at(seen, 'primary').filter((when) => when < recovery).length <= 15,
        ),
      ],
    }),
    one('S16', '503 always, and the bill', {
      act: primary(() => refusal(503)),
      checks: [
        atMost(6),
        must('names the model that answered', ({ calls }) =>
          calls.every(({ model }) => model === 'fallback-model'),
        ),
        must('the usage is of that answer alone', ({ calls }) =>
          calls.every(({ usage }) => JSON.stringify(usage) === JSON.stringify(fallbackUsage)),
        ),
      ],
    }),
  ]
}

const answer: Act = { does: 'answer' }

function refusal(status: number): Act & { does: 'refuse' } {
  return { does: 'refuse', status, code: status === 429 ? 'rate_limit_exceeded' : 'server_error' }
}

function primary(act: (nth: number) => Act): Scenario['act'] {
  return ({ role, nth }) => (role === 'primary' ? act(nth) : answer)
}

function one(id: string, title: string, of: Pick<Scenario, 'act' | 'checks'> & Partial<Scenario>): Scenario {
  return { id, title, requests: 1, every: 0, within: 60_000, ...of }
}

function must(says: string, holds: Check['holds']): Check {
  return { says, required: true, holds }
}

function better(says: string, holds: Check['holds']): Check {
  return { says, required: false, holds }
}

const oncePrimary = must('exactly one attempt at the primary', ({ seen }) => count(seen, 'primary') === 1)

function atMost(attempts: number): Check {
  return must(`at most ${attempts} attempts`, ({ seen }) => seen.length <= attempts)
}

function at(seen: Evidence['seen'], role: Role): number[] {
  const of = seen.filter((each) => each.role === role)
  return of.map(({ at: when }) => when)
}

function count(seen: Evidence['seen'], role: Role): number {
  return at(seen, role).length
}

function early(seen: Evidence['seen'], within: number): number {
  return seen.filter(({ at: when }) => when - seen[0]!.at < within).length
}
