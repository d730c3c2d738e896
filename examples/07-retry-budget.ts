// When everything fails, retries are a fifth on top, not three times the load.
// Asked for in opendal#7376, tower-resilience#171, Kevlar#507.
import { budget, budgetErrorOf, retry, wrap } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'

const clock = fakeClock()

/** A hundred calls to a service that is down; answers with how often it was asked. */
async function outage(shared?: ReturnType<typeof budget>) {
  const ask = wrap(
    retry({ attempts: 3, backoff: { initial: 0, max: 0 }, clock, ...(shared && { budget: shared }) }),
  )
  let asked = 0
  let last: unknown
  for (let call = 0; call < 100; call++) {
    const outcome = ask.attempt(async () => {
      asked++
      throw new Error('no answer')
    })
    await clock.advance(1)
    const settled = await outcome
    if (!settled.ok) last = settled.error
  }
  return { asked, last }
}

const without = await outage()
console.log('three attempts each, no budget:', without.asked, 'requests')

const shared = budget({ ratio: 0.2, minPerSecond: 0, clock })
const within = await outage(shared)
console.log('with a budget of 20 %:', within.asked, 'requests')
console.log('the caller still sees why the work failed:', (within.last as Error).message)
console.log('and can ask why there was no retry:', budgetErrorOf(within.last)?.message)

/* Output:
three attempts each, no budget: 300 requests
with a budget of 20 %: 120 requests
the caller still sees why the work failed: no answer
and can ask why there was no retry: budget 'budget': 20 of 20 retries used in the last 10 s
*/
