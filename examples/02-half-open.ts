// When a service comes back, three calls try it, not a thousand; two good ones are enough.
// Asked for in opossum#613 and #819, cockatiel#73, Polly#239.
import { breaker, wrap } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'

const clock = fakeClock()
const circuit = breaker({ failures: 1, openFor: 10_000, probes: 3, successes: 2, waiting: 5, clock })
const ask = wrap(circuit)
const events: string[] = []
circuit.on(({ type }) => {
  if (type !== 'breaker.rejected') events.push(type)
})

await ask.attempt(() => Promise.reject(new Error('down')))
await clock.advance(10_000)

let asked = 0
const gate = Promise.withResolvers<void>()
const calls = Array.from({ length: 1_000 }, () =>
  ask.attempt(async () => {
    asked++
    await gate.promise
  }),
)
await clock.advance(0)
console.log('of a thousand callers', asked, 'reach the service')
console.log('turned away at once:', circuit.status().counts.rejected)

gate.resolve()
const outcomes = await Promise.all(calls)
console.log(
  'answered in the end:',
  outcomes.filter(({ ok }) => ok).length,
  'three probes, and five that waited',
)
console.log(events.join(', '))

/* Output:
of a thousand callers 3 reach the service
turned away at once: 992
answered in the end: 8 three probes, and five that waited
breaker.opened, breaker.half-opened, breaker.closed
*/
