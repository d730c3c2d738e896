// Options change while calls are in flight; what was learned stays.
// Asked for in opossum#450 and #337.
import { breaker, bulkhead, wrap } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'

const clock = fakeClock()
const circuit = breaker({ failures: 5, openFor: 60_000, clock })
const room = bulkhead({ limit: 1, queue: 10, clock })
const ask = wrap(circuit, room)
const down = () => Promise.reject(new Error('no answer'))

for (let call = 0; call < 3; call++) await ask.attempt(down)
circuit.configure({ failures: 4, openFor: 60_000 })
console.log('three failures, four allowed now:', circuit.status().is)
await ask.attempt(down)
console.log('one more:', circuit.status().is)

circuit.configure({ failures: 4, openFor: 5_000 })
console.log('open for a shorter time from now on:', circuit.status().retryAfter, 'ms')
await clock.advance(5_000)
await ask(async () => 'back')
console.log('then:', circuit.status().is)

const gate = Promise.withResolvers<void>()
const calls = [1, 2, 3].map(() => ask(() => gate.promise))
const { inFlight, waiting } = room.status()
console.log(`a limit of one: ${inFlight} inside, ${waiting} waiting`)
room.resize(3)
await clock.advance(0)
console.log(`a limit of three: ${room.status().inFlight} inside, ${room.status().waiting} waiting`)
gate.resolve()
await Promise.all(calls)

/* Output:
three failures, four allowed now: closed
one more: open
open for a shorter time from now on: 5000 ms
then: closed
a limit of one: 1 inside, 2 waiting
a limit of three: 3 inside, 0 waiting
*/
