import type { BreakerState, CircuitStatus, Kinds } from '@holdfast/policy'

/** What a row reads from a status: a number, or one for each value of the row's label. What is no number is left out. */
type Reading = number | undefined | Readonly<Record<string, number | undefined>>

/** One metric of a kind of policies. `name` is without `holdfast_`; durations are seconds. */
export interface Row<S> {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'summary'
  readonly help: string
  /** The label that tells the values of one reading apart. */
  readonly label?: string
  read(status: S): Reading
}

type Status<K extends keyof Kinds> = K extends 'breaker' ? CircuitStatus : Kinds[K]

const states: readonly BreakerState[] = ['closed', 'open', 'half-open', 'isolated', 'disabled', 'observed']
const seconds = (ms: number | undefined): number | undefined => (typeof ms === 'number' ? ms / 1_000 : ms)

const spoken = {
  calls: 'Calls',
  retries: 'Retries taken',
  hedges: 'Hedges taken',
  refused: 'Retries and hedges that were wanted and not to be had',
}

/** Every metric of every kind of policy that can have a name. */
export const rows: { readonly [K in keyof Kinds]: readonly Row<Status<K>>[] } = {
  policy: [
    {
      name: 'policy_calls_total',
      type: 'counter',
      help: 'Calls that ended, by outcome: what a fallback saved is a success.',
      label: 'outcome',
      read: ({ counts: { successes: success, failures: failure, rejected, aborted } }) => ({
        success,
        failure,
        rejected,
        aborted,
      }),
    },
    gauge('policy_in_flight', 'Calls that go on now.', ({ counts }) => counts.inFlight),
    {
      name: 'policy_duration_seconds',
      type: 'summary',
      help: 'How long calls took in the last minutes, waits and attempts included.',
      label: 'quantile',
      read: ({ durations: it }) =>
        it && { 0.5: seconds(it.p50), 0.9: seconds(it.p90), 0.99: seconds(it.p99), 1: seconds(it.max) },
    },
  ],
  breaker: [
    {
      name: 'breaker_state',
      type: 'gauge',
      help: 'One for the state the breaker is in.',
      label: 'state',
      read: ({ is }) => Object.fromEntries(states.map((state) => [state, is === state ? 1 : 0])),
    },
    {
      name: 'breaker_calls_total',
      type: 'counter',
      help: 'Calls to a breaker: how those that it admitted ended, and those that it did not.',
      label: 'outcome',
      read: ({ counts: { successes: success, failures: failure, ignored, rejected } }) => ({
        success,
        failure,
        ignored,
        rejected,
      }),
    },
    counter(
      'breaker_probes_total',
      'Calls admitted to see whether it can close.',
      ({ counts }) => counts.probes,
    ),
    gauge('breaker_window_calls', 'Calls that its trip has in its window.', ({ window }) => window.calls),
    gauge('breaker_window_failures', 'Failures among them.', ({ window }) => window.failures),
  ],
  budget: [
    gauge('budget_allowed', 'Retries and hedges that it allows.', ({ allowed }) => allowed),
    gauge('budget_used_ratio', 'The share of them that is taken.', used),
    // In a window counts go down as well as up, so that they are no counters.
    ...(['calls', 'retries', 'hedges', 'refused'] as const).flatMap((what) => [
      gauge<Kinds['budget']>(`budget_window_${what}`, `${spoken[what]}, in its window.`, (usage) =>
        usage.family === 'expiring' ? usage[what] : undefined,
      ),
      counter<Kinds['budget']>(`budget_${what}_total`, `${spoken[what]}, if it has no window.`, (usage) =>
        usage.family === 'expiring' ? undefined : usage[what],
      ),
    ]),
  ],
  bulkhead: [
    gauge('bulkhead_in_flight', 'Calls inside.', ({ inFlight }) => inFlight),
    gauge('bulkhead_limit', 'Calls that may be inside, for each key if it has keys.', ({ limit }) => limit),
    gauge('bulkhead_waiting', 'Calls at the door.', ({ waiting }) => waiting),
    rejected('bulkhead'),
  ],
  rateLimit: [
    gauge('rate_limit_available', 'Calls that could go now.', ({ available }) => available),
    gauge('rate_limit_calls', 'Calls that may go in a period.', ({ limit }) => limit),
    gauge('rate_limit_period_seconds', 'The period.', ({ per }) => seconds(per)),
    gauge('rate_limit_waiting', 'Calls that wait for their turn.', ({ waiting }) => waiting),
    rejected('rate_limit'),
  ],
  concurrencyLimit: [
    gauge('concurrency_limit_calls', 'Calls that may be inside, as found out so far.', ({ limit }) => limit),
    gauge('concurrency_limit_in_flight', 'Calls inside.', ({ inFlight }) => inFlight),
    gauge('concurrency_limit_waiting', 'Calls at the door.', ({ waiting }) => waiting),
    gauge('concurrency_limit_latency_seconds', 'How long answers took lately, the mean.', ({ latency }) =>
      seconds(latency),
    ),
    gauge(
      'concurrency_limit_baseline_seconds',
      'How long answers take that need not queue.',
      ({ baseline }) => seconds(baseline),
    ),
    rejected('concurrency_limit'),
  ],
  hedge: [
    counter('hedge_calls_total', 'Calls that could be hedged.', ({ calls }) => calls),
    counter('hedge_attempts_total', 'Attempts besides the first.', ({ hedges }) => hedges),
    counter('hedge_won_total', 'Calls that such an attempt answered.', ({ won }) => won),
    counter('hedge_refused_total', 'Attempts that the budget did not allow.', ({ refused }) => refused),
    gauge('hedge_delay_seconds', 'How long it would wait now.', ({ delay }) => seconds(delay)),
  ],
  cache: [
    {
      name: 'cache_requests_total',
      type: 'counter',
      help: 'Calls, by what was in memory: an answer, a stale one, or none.',
      label: 'result',
      read: ({ hits: hit, staleHits: stale, misses: miss }) => ({ hit, stale, miss }),
    },
    counter(
      'cache_errors_answered_total',
      'Misses that got an old answer because the work failed.',
      ({ errorsAnswered }) => errorsAnswered,
    ),
    gauge('cache_entries', 'Answers kept.', ({ size }) => size),
    gauge('cache_weight', 'The sum of what sizeOf says of them.', ({ totalSize }) => totalSize),
    gauge('cache_in_flight', 'Runs of work whose answer would be kept.', ({ inFlight }) => inFlight),
    counter('cache_refreshes_total', 'Runs of work in the background.', ({ refreshes }) => refreshes),
    counter('cache_refreshes_failed_total', 'Those that failed.', ({ refreshesFailed }) => refreshesFailed),
  ],
  coalesce: [
    counter('coalesce_calls_total', 'Calls that had a key.', ({ calls }) => calls),
    counter(
      'coalesce_shared_total',
      'Those that joined a run which another had begun.',
      ({ shared }) => shared,
    ),
    gauge('coalesce_in_flight', 'Runs of work that a call could join.', ({ inFlight }) => inFlight),
    gauge('coalesce_waiting', 'Calls that wait for them.', ({ waiting }) => waiting),
  ],
  fallback: [
    perLink('fallback_tried_total', 'How often it was the turn of a link.', 'tried'),
    perLink('fallback_answers_total', 'Answers of a link.', 'answered'),
    perLink('fallback_failures_total', 'Failures of a link.', 'failed'),
  ],
  chaos: [
    {
      name: 'chaos_state',
      type: 'gauge',
      help: 'One for what it is: on, halted or expired.',
      label: 'state',
      read: ({ is }) => Object.fromEntries(['on', 'halted', 'expired'].map((it) => [it, is === it ? 1 : 0])),
    },
    counter('chaos_calls_total', 'Calls it might have happened to.', ({ seen }) => seen),
    counter('chaos_injected_total', 'Calls it happened to.', ({ injected }) => injected),
  ],
}

function gauge<S>(name: string, help: string, read: (status: S) => Reading): Row<S> {
  return { name, type: 'gauge', help, read }
}

function counter<S>(name: string, help: string, read: (status: S) => Reading): Row<S> {
  return { name, type: 'counter', help, read }
}

/** Tokens allow retries while more than half of them are left. */
function used(usage: Kinds['budget']): number {
  if (usage.family === 'tokens') return Math.min(1, (2 * (usage.maxTokens - usage.tokens)) / usage.maxTokens)
  const taken = usage.family === 'expiring' ? usage.retries + usage.hedges : usage.extra
  return usage.allowed === 0 ? 0 : Math.min(1, taken / usage.allowed)
}

function rejected(kind: string): Row<Pick<Kinds['bulkhead'], 'rejected'>> {
  const help = 'Calls turned away, by reason.'
  return { ...counter(`${kind}_rejected_total`, help, ({ rejected }) => ({ ...rejected })), label: 'reason' }
}

function perLink(name: string, help: string, what: 'tried' | 'answered' | 'failed'): Row<Kinds['fallback']> {
  const read = ({ links }: Kinds['fallback']) =>
    Object.fromEntries(links.map((link) => [link.name, link[what]]))
  return { ...counter(name, help, read), label: 'link' }
}
