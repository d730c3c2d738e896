// Whoever leaves during a backoff is gone at once, and no attempt is made on his behalf.
// Asked for in openai-node#2580, browserbase/sdk-node#205, vercel/ai#7661, gemini-cli#11224.
import { retry, wrap } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'

const clock = fakeClock()
const ask = wrap(retry({ attempts: 5, backoff: { initial: 1_000, max: 10_000, jitter: 'none' }, clock }))
const caller = new AbortController()
let attempts = 0

const left = ask(
  async () => {
    attempts++
    throw new Error('no answer')
  },
  { signal: caller.signal },
).catch((reason: unknown) => {
  console.log('settled after', clock.now(), 'ms with:', reason)
})

await clock.advance(50)
caller.abort('the user closed the window')
await left
await clock.advance(60_000)
console.log('attempts:', attempts)
console.log('timers left behind:', clock.pending)

/* Output:
settled after 50 ms with: the user closed the window
attempts: 1
timers left behind: 0
*/
