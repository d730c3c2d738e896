// A signal that lives as long as the process serves any number of calls, and none leaves a listener on it.
// Asked for in cockatiel#69 and #81, p-retry#71, p-timeout#42.
import { getEventListeners } from 'node:events'
import { breaker, retry, timeout, wrap } from '@holdfast/policy'

const shutdown = new AbortController()
const { signal } = shutdown
const listeners = () => getEventListeners(signal, 'abort').length
const ask = wrap(
  retry({ attempts: 2, backoff: { initial: 0, max: 0 } }),
  breaker({ failures: 1_000_000 }),
  timeout(30_000),
)

for (let call = 0; call < 10_000; call++) await ask(async () => call, { signal })
console.log('after 10,000 good calls:', listeners())

for (let call = 0; call < 100; call++) {
  await ask.attempt(() => Promise.reject(new Error('no answer')), { signal })
}
console.log('after 100 bad ones:', listeners())

const gate = Promise.withResolvers<string>()
const waiting = Promise.all([1, 2, 3].map(() => ask(() => gate.promise, { signal })))
console.log('while three are in flight:', listeners())
gate.resolve('done')
await waiting
console.log('and after them:', listeners())

/* Output:
after 10,000 good calls: 0
after 100 bad ones: 0
while three are in flight: 3
and after them: 0
*/
