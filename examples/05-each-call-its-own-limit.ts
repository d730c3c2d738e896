// One breaker for a service; each call has its own time and its own way out.
// Asked for in opossum#780, #673 and #200.
import { breaker, timeout, wrap } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'

const clock = fakeClock()
const search = breaker({ clock })
const ask = wrap(search, timeout(30_000, { clock }))
const askBriefly = wrap(search, timeout(200, { clock }))

const answerAfter = (ms: number) => () =>
  new Promise<string>((resolve) => {
    clock.after(ms, () => resolve(`an answer after ${ms} ms`))
  })
const tell = (who: string, call: Promise<string>) =>
  call.then(
    (value) => console.log(`${who} at ${clock.now()} ms: ${value}`),
    (error) => console.log(`${who} at ${clock.now()} ms: ${error?.code ?? error}`),
  )

const user = new AbortController()
const calls = [
  tell('a call with 30 s', ask(answerAfter(1_000))),
  tell('a call through a shorter timeout', askBriefly(answerAfter(1_000))),
  tell('a call with a deadline of its own', ask(answerAfter(1_000), { deadline: clock.now() + 500 })),
  tell('a call whose user leaves', ask(answerAfter(1_000), { signal: user.signal })),
]
await clock.advance(300)
user.abort('left')
await clock.advance(700)
await Promise.all(calls)

const { is, counts } = search.status()
console.log(`the breaker they share is ${is}: ${counts.failures} failures, ${counts.ignored} ignored`)

/* Output:
a call through a shorter timeout at 200 ms: TIMEOUT
a call whose user leaves at 300 ms: left
a call with a deadline of its own at 500 ms: DEADLINE_PASSED
a call with 30 s at 1000 ms: an answer after 1000 ms
the breaker they share is closed: 2 failures, 1 ignored
*/
