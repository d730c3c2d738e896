import { describe, expect, it } from 'vitest'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock, seededRandom } from '../testing/index.ts'
import { breaker } from './breaker.ts'

interface InFlight {
  generation: number
  since: number
  settle: (ok: boolean) => Promise<void>
}

/** A random life of one breaker; after each step the numbered invariants must hold. */
async function live(seed: number) {
  const random = seededRandom(seed)
  const pick = (n: number) => Math.floor(random() * n)
  const clock = fakeClock()
  const [failures, probes, successes, openFor] = [1 + pick(3), 1 + pick(3), 1 + pick(3), 100]
  const guard = breaker({ failures, probes, successes, openFor, clock })
  const ask = wrap(guard)
  const inFlight: InFlight[] = []
  let generation = 0
  let until = 0
  let rejected = 0
  guard.on((event) => {
    if (event.type !== 'breaker.rejected') generation++
    if (event.type === 'breaker.opened') until = clock.now() + openFor
  })

  async function call(): Promise<void> {
    const before = guard.status()
    const held = inFlight.filter(
      (each) => each.generation === generation && clock.now() - each.since < openFor,
    ).length
    const work = Promise.withResolvers<void>()
    let admitted = false
    const done = ask(() => {
      admitted = true
      return work.promise
    }).catch(() => {})
    if (!admitted) rejected++
    if (before.is === 'closed') expect(admitted, 'I1').toBe(true)
    if (before.is === 'open') expect(admitted, 'I2').toBe(clock.now() >= until)
    if (before.is === 'half-open') expect(admitted, 'I3, I5').toBe(held < probes)
    if (before.is === 'isolated') expect(admitted).toBe(false)
    if (!admitted) return
    const settle = async (ok: boolean) => {
      if (ok) work.resolve()
      else work.reject(new Error('down'))
      await done
    }
    inFlight.push({ generation, since: clock.now(), settle })
  }

  async function settle(): Promise<void> {
    const [flight] = inFlight.splice(pick(inFlight.length), 1)
    if (flight === undefined) return
    const stale = flight.generation !== generation
    const { counts: past, ...before } = guard.status()
    await flight.settle(random() < 0.5)
    const { counts, ...after } = guard.status()
    if (!stale) return
    expect(after, 'I4').toEqual(before)
    expect(counts, 'I4').toEqual({ ...past, ignored: past.ignored + 1 })
  }

  for (let step = 0; step < 300; step++) {
    const dice = random()
    const before = generation
    if (dice < 0.45) await call()
    else if (dice < 0.85) await settle()
    else if (dice < 0.98) await clock.advance(pick(80))
    else if (dice < 0.99) guard.reset()
    else guard.isolate()
    const { counts, is, failures: row } = guard.status()
    expect(counts.calls, 'I6').toBe(counts.successes + counts.failures + counts.ignored + inFlight.length)
    expect(counts.rejected).toBe(rejected)
    if (is === 'closed') expect(row).toBeLessThan(failures)
    expect(generation - before).toBeLessThanOrEqual(1)
    expect(['closed', 'open', 'half-open', 'isolated']).toContain(is)
  }
}

describe('breaker', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))('holds its invariants through random life %d', live)
})
