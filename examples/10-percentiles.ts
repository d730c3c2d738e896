// How long calls took and how they ended, from the policy itself: nothing to add, nothing to run.
// Asked for in opossum#331 and #327, opossum-prometheus#35.
import { breaker, events, policy, retry, timeout } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'

const clock = fakeClock()
const search = policy(
  'search',
  retry({ attempts: 2, backoff: { initial: 0, max: 0 }, clock }),
  breaker({ failures: 1_000, clock }),
  timeout(400, { clock }),
)
const told = new Map<string, number>()
events.on(({ type }) => {
  told.set(type, (told.get(type) ?? 0) + 1)
})

/** Takes 1 to 100 ms, and now and then for ever. */
async function work(turn: number): Promise<number> {
  await new Promise<void>((resolve) => {
    if (turn % 100 !== 99) clock.after((turn % 100) + 1, resolve)
  })
  return turn
}

for (let turn = 0; turn < 1_000; turn++) {
  const call = search.attempt(() => work(turn))
  while (search.status().counts.inFlight > 0) await clock.advance(25)
  await call
}

const { counts, durations } = policy('search').status()
console.log(counts)
const { p50 = 0, p90 = 0, p99 = 0, max = 0 } = durations ?? {}
console.log(
  `p50 ${p50.toFixed(0)} ms, p90 ${p90.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, longest ${max.toFixed(0)} ms`,
)
console.log(Object.fromEntries(told))

/* Output:
{
  calls: 1000,
  successes: 990,
  failures: 10,
  rejected: 0,
  aborted: 0,
  inFlight: 0
}
p50 47 ms, p90 85 ms, p99 754 ms, longest 754 ms
{ 'timeout.passed': 20, 'retry.waited': 10, 'retry.gave-up': 10 }
*/
