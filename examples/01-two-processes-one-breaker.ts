// Two processes, one opinion: what one breaker learns, the other knows. And a restart forgets nothing.
// Asked for in opossum#675, cockatiel#89, Polly#287, resilience4j#419.
import { type Breaker, breaker, type SavedBreaker, wrap } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'

const down = async () => {
  throw new Error('no answer')
}

/** A process: its own breaker, on a clock that began at another time. */
function replica(startedAt: number) {
  const clock = fakeClock(startedAt)
  const circuit = breaker({ failures: 3, openFor: 30_000, clock })
  return { clock, circuit, ask: wrap(circuit) }
}

/** Saved state is plain data, so anything that carries text will do: a socket, Redis, a file. */
const carry = (saved: SavedBreaker): SavedBreaker => JSON.parse(JSON.stringify(saved))

/** Whenever one opens or closes, so does the other. */
function follow(from: Breaker, to: Breaker): void {
  from.on(({ type }) => {
    if (type === 'breaker.half-opened' || from.status().is === to.status().is) return
    to.restore(carry(from.save()))
  })
}

const one = replica(0)
const two = replica(86_400_000)
follow(one.circuit, two.circuit)
follow(two.circuit, one.circuit)

for (let call = 0; call < 3; call++) await one.ask.attempt(down)
console.log('after three failures in one:', one.circuit.status().is, 'and', two.circuit.status().is)
console.log('two asks again in', two.circuit.status().retryAfter, 'ms, on its own clock')

await one.clock.advance(30_000)
await two.clock.advance(30_000)
await two.ask(async () => 'back')
console.log('after a success in two:', one.circuit.status().is, 'and', two.circuit.status().is)

for (let call = 0; call < 3; call++) await one.ask.attempt(down)
await one.clock.advance(10_000)
const saved = JSON.stringify(one.circuit.save())
console.log('saved at the end:', saved)
const restarted = replica(7)
restarted.circuit.restore(JSON.parse(saved))
console.log('restarted:', restarted.circuit.status().is, 'for', restarted.circuit.status().retryAfter, 'ms')

/* Output:
after three failures in one: open and open
two asks again in 30000 ms, on its own clock
after a success in two: closed and closed
saved at the end: {"is":"open","remaining":20000,"relapses":0}
restarted: open for 20000 ms
*/
