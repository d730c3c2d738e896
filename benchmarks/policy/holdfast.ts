import {
  breaker,
  budget,
  bulkhead,
  type CallOptions,
  countWindow,
  type Pipeline,
  policy,
  retry,
  statistics,
  timeout,
  timeWindow,
  wrap,
} from '@holdfast/policy'
import type { Gated, Timed } from './timing.ts'

const library = 'holdfast'
const work = async () => 1

/** Long enough never to pass, as in every row. */
export const LIMIT = 30_000
export const ROOM = 1_000

const calling = (name: string, ask: Pipeline, options?: CallOptions): Timed => ({
  name,
  library,
  call: () => ask(work, options),
})

const keyed = wrap(breaker({ perKey: true }))

/** Everything that one call should have around it. */
export function full(mode: 'aggressive' | 'cooperative'): Pipeline {
  return wrap(...around(mode))
}

function around(mode: 'aggressive' | 'cooperative') {
  return [
    retry({ budget: budget() }),
    breaker({ trip: countWindow() }),
    bulkhead(ROOM),
    timeout(LIMIT, { mode }),
  ] as const
}

/** One policy each. */
export const single: readonly Timed[] = [
  calling('nothing', wrap()),
  calling('breaker consecutive', wrap(breaker())),
  calling('breaker count(100)', wrap(breaker({ trip: countWindow() }))),
  calling('breaker time window', wrap(breaker({ trip: timeWindow() }))),
  calling('breaker by key', keyed, { key: 'one' }),
  calling('retry', wrap(retry())),
  calling('retry + budget', wrap(retry({ budget: budget() }))),
  calling('bulkhead', wrap(bulkhead(ROOM))),
  calling('timeout cooperative', wrap(timeout(LIMIT, { mode: 'cooperative' }))),
  calling('timeout aggressive', wrap(timeout(LIMIT))),
]

const aggressive = full('aggressive')

/** All together. */
export const composed: readonly Timed[] = [
  calling('full cooperative', full('cooperative')),
  calling('full aggressive', full('aggressive')),
  calling('full cooperative, counted', wrap(statistics({ durations: false }), ...around('cooperative'))),
  calling('full cooperative + percentiles', wrap(statistics(), ...around('cooperative'))),
  calling('full aggressive + percentiles', wrap(statistics(), ...around('aggressive'))),
  calling('full cooperative, by name', policy('benchmark', ...around('cooperative'))),
  {
    name: 'full aggressive, work reads the signal',
    library,
    call: () => aggressive(async ({ signal }) => signal.aborted),
  },
]

/** Many calls at once. */
export function together(): Gated[] {
  const ask = full('aggressive')
  return [{ name: 'full aggressive', library, begin: (work) => ask(work) }]
}

/** An open breaker turns the call away. */
export async function shedding(): Promise<Timed[]> {
  const ask = wrap(breaker({ failures: 1, openFor: 3_600_000 }))
  await ask(() => Promise.reject(new Error('down'))).catch(() => {})
  const whole = wrap(
    statistics(),
    retry({ budget: budget() }),
    breaker({ failures: 1, openFor: 3_600_000 }),
    bulkhead(ROOM),
    timeout(LIMIT),
  )
  await whole.attempt(() => Promise.reject(Object.assign(new Error('down'), { retryable: false })))
  return [
    { name: 'outcome', library, call: () => ask.attempt(work) },
    { name: 'outcome, through a full pipeline', library, call: () => whole.attempt(work) },
    { name: 'thrown', library, call: () => ask(work), rejects: true },
    { name: 'thrown, through a full pipeline', library, call: () => whole(work), rejects: true },
  ]
}
