import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { events, type PolicyEvent } from '../events.ts'
import { forget, status } from '../named/registry.ts'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock, fakeRandom, policyContract } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { type ChaosOptions, chaos } from './chaos.ts'

policyContract('chaos that strikes nobody', (clock) => chaos({ rate: 0, clock }), { describe, it, expect })
policyContract(
  'chaos that delays everybody',
  (clock) => chaos({ rate: 1, latency: [5, 50], seed: 7, clock }),
  {
    describe,
    it,
    expect,
  },
)
policyContract(
  'chaos that does something first',
  (clock) => chaos({ rate: 1, behaviour: async () => {}, clock }),
  {
    describe,
    it,
    expect,
  },
)

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )

/** Which of `calls` calls were struck. */
async function history(options: ChaosOptions, calls: number): Promise<boolean[]> {
  const ask = wrap(chaos(options))
  const struck: boolean[] = []
  for (let n = 0; n < calls; n++) struck.push(!(await ask.attempt(() => n)).ok)
  return struck
}

describe('chaos', () => {
  it('fails calls without calling the work, by an error, by what makes one, or by its own', async () => {
    const fault = new Error('given')
    const never = () => expect.unreachable()
    await expect(wrap(chaos({ rate: 1, fault }))(never)).rejects.toBe(fault)
    await expect(
      wrap(chaos({ rate: 1, fault: ({ key }) => `for ${key}` }))(never, { key: 'k' }),
    ).rejects.toBe('for k')

    await expect(wrap(chaos({ rate: 1 }))(never)).rejects.toMatchObject({
      code: 'CHAOS',
      message: 'chaos: this call was made to fail',
    })
  })

  it('answers in place of the work, at once or promised', async () => {
    const never = () => expect.unreachable()

    expect(await wrap(chaos({ rate: 1, outcome: () => undefined }))(never)).toBe(undefined)
    expect(await wrap(chaos({ rate: 1, outcome: async ({ key }) => key }))(never, { key: 'k' })).toBe('k')
  })

  it('does something before the work, which a failure of it spares', async () => {
    const did: string[] = []
    const ask = wrap(chaos({ rate: 1, behaviour: async ({ key }) => did.push(`before ${key}`) }))
    await ask(() => did.push('work'), { key: 'k' })
    expect(did).toEqual(['before k', 'work'])
    const broken = wrap(chaos({ rate: 1, behaviour: () => Promise.reject('broken') }))

    await expect(broken(() => expect.unreachable())).rejects.toBe('broken')
  })

  it('does not call the work of who left during the behaviour', async () => {
    const caller = new AbortController()
    const clock = fakeClock()
    const ask = wrap(
      timeout(10, { clock, mode: 'cooperative' }),
      chaos({ rate: 1, behaviour: () => caller.abort('bye'), clock }),
    )

    expect(await outcome(ask(() => expect.unreachable(), { signal: caller.signal }))).toEqual({
      error: 'bye',
    })
  })

  it('delays the work by a number of ms, or by one between two', async () => {
    const clock = fakeClock()
    const at: number[] = []
    const note = () => at.push(clock.now())
    void wrap(chaos({ rate: 1, latency: 30, clock }))(note)
    void wrap(chaos({ rate: 1, latency: [100, 200], random: fakeRandom(0, 0.25, 0, 0.999), clock }))(note)
    await clock.advance(300)

    expect(at).toEqual([30, 125])
    expect(clock.pending).toBe(0)
  })

  it('ends a delay with the signal, and leaves nothing of it behind (I4, I5)', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    const slow = chaos({ rate: 1, latency: 1_000, clock })
    const left = outcome(wrap(slow)(() => expect.unreachable(), { signal: caller.signal }))
    const late = outcome(wrap(timeout(10, { clock }), slow)(() => expect.unreachable()))
    expect(clock.pending).toBe(3)
    caller.abort('bye')
    await clock.advance(10)

    expect(await left).toEqual({ error: 'bye' })
    expect(await late).toMatchObject({ error: { code: 'TIMEOUT' } })
    expect([clock.pending, getEventListeners(caller.signal, 'abort').length]).toEqual([0, 0])
  })

  it('does not delay, nor call the work of, who has left or leaves at the very end (I5)', async () => {
    const clock = fakeClock()
    const slow = chaos({ rate: 1, latency: 10, clock })
    const never = slow(() => expect.unreachable())
    const call = {
      deadline: Infinity,
      attempt: 1,
      key: undefined,
      operation: undefined,
      priority: undefined,
      headers: {},
    }
    const gone = never({ ...call, signal: AbortSignal.abort('gone') })
    expect(await outcome(Promise.resolve(gone))).toEqual({ error: 'gone' })
    expect(clock.pending).toBe(0)

    const caller = new AbortController()
    const race = outcome(Promise.resolve(never({ ...call, signal: caller.signal })))
    expect([slow.status().delayed, getEventListeners(caller.signal, 'abort').length]).toEqual([1, 1])
    slow.halt()
    expect([slow.status().delayed, getEventListeners(caller.signal, 'abort').length]).toEqual([0, 0])
    caller.abort('just then')
    expect(await race).toEqual({ error: 'just then' })

    const { signal } = caller
    const behaviour = chaos({ rate: 1, behaviour: () => {} })(() => expect.unreachable())
    expect(await outcome(Promise.resolve(behaviour({ ...call, signal })))).toEqual({ error: 'just then' })
  })

  it('repeats its history by seed, and strikes about the share it is told', async () => {
    const rate = 0.3
    const first = await history({ rate, seed: 42 }, 1_000)

    expect(await history({ rate, seed: 42 }, 1_000)).toEqual(first)
    expect(await history({ rate, seed: 43 }, 1_000)).not.toEqual(first)
    expect(Math.abs(first.filter(Boolean).length - 300)).toBeLessThan(45)
    expect((await history({ rate: 0 }, 100)).some(Boolean)).toBe(false)
    expect((await history({ rate: 1 }, 100)).every(Boolean)).toBe(true)
  })

  it('looks at when and enabled for each call, and counts whom it saw', async () => {
    let on = true
    const monkey = chaos({
      rate: 0.5,
      random: fakeRandom(0.49, 0.5),
      when: ({ key }) => key === 'k',
      enabled: () => on,
    })
    const ask = wrap(monkey)
    const call = async (key: string) => (await ask.attempt(() => 'work', { key })).ok
    expect([await call('k'), await call('other'), await call('k'), await call('k')]).toEqual([
      false,
      true,
      true,
      false,
    ])
    on = false
    expect(await call('k')).toBe(true)
    expect(monkey.status()).toEqual({
      name: 'chaos',
      does: 'fault',
      is: 'on',
      seen: 3,
      injected: 2,
      delayed: 0,
    })
    monkey.reset()

    expect(monkey.status()).toMatchObject({ seen: 0, injected: 0 })
  })

  it('ends by itself, and delays nobody past its end (I1, I2)', async () => {
    const clock = fakeClock()
    const slow = chaos({ rate: 1, latency: 80, for: 100, clock })
    const at: number[] = []
    const note = () => at.push(clock.now())
    await clock.advance(50)
    void wrap(slow)(note)
    await clock.advance(49)
    expect([slow.status().is, at]).toEqual(['on', []])
    await clock.advance(1)
    await wrap(slow)(note)

    expect(at).toEqual([100, 100])
    expect(slow.status()).toMatchObject({ is: 'expired', does: 'latency', seen: 1, injected: 1 })
  })

  it('halts at once and for good, and lets the delayed go on (I1, I2)', async () => {
    const clock = fakeClock()
    const slow = chaos({ rate: 1, latency: 1_000, clock })
    const all = Promise.all([1, 2, 3].map((n) => wrap(slow)(() => n)))
    await clock.advance(10)
    slow.halt()
    expect(await all).toEqual([1, 2, 3])
    expect(clock.pending).toBe(0)
    slow.reset()

    expect(await wrap(slow)(() => 'work')).toBe('work')
    expect(slow.status()).toEqual({
      name: 'chaos',
      does: 'latency',
      is: 'halted',
      seen: 0,
      injected: 0,
      delayed: 0,
    })
  })

  it('can be nested: slow, then failing', async () => {
    const clock = fakeClock()
    const ask = wrap(
      chaos({ rate: 1, latency: 10, clock }),
      chaos({ rate: 1, fault: () => clock.now(), clock }),
    )
    const failed = outcome(ask(() => 'work'))
    await clock.advance(10)

    expect(await failed).toEqual({ error: 10 })
  })

  it('strikes, whatever it does and whoever leaves, only while it is on, and leaves nothing behind', async () => {
    const step = fc.record({
      does: fc.constantFrom('call', 'call', 'call', 'leave', 'advance', 'advance', 'halt'),
      ms: fc.nat(40),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.nat(1_000), async (steps, seed) => {
        const clock = fakeClock()
        const slow = chaos({ rate: 0.7, seed, latency: [1, 60], for: 150, clock })
        const callers: { caller: AbortController; end?: number }[] = []
        let off = Infinity
        for (const { does, ms } of steps) {
          if (does === 'call') {
            const one: (typeof callers)[number] = { caller: new AbortController() }
            callers.push(one)
            const before = slow.status().injected
            void outcome(wrap(slow)(() => {}, { signal: one.caller.signal })).then(() => {
              one.end = clock.now()
            })
            if (slow.status().injected > before) expect(clock.now(), 'I1').toBeLessThan(Math.min(off, 150))
          } else if (does === 'leave') callers[ms % Math.max(1, callers.length)]?.caller.abort('bye')
          else if (does === 'advance') await clock.advance(ms)
          else {
            slow.halt()
            off = Math.min(off, clock.now())
            await clock.advance(0)
          }
          if (clock.now() >= Math.min(off, 150)) expect(clock.pending, 'I2').toBe(0)
        }
        await clock.advance(200)
        expect([clock.pending, slow.status().delayed], 'I4').toEqual([0, 0])
        for (const { caller, end } of callers) {
          expect(end).toBeLessThanOrEqual(Math.max(150, clock.now() - 200))
          expect(getEventListeners(caller.signal, 'abort').length, 'I4').toBe(0)
        }
      }),
      { seed: 1, numRuns: 100 },
    )
  })

  it('tells what it did, and is the same by name everywhere', async () => {
    const heard: PolicyEvent[] = []
    const off = events.on((event) => heard.push(event))
    await wrap(chaos('monkey', { rate: 1, outcome: () => 1 }))(() => 2)
    off()
    expect(heard).toEqual([{ type: 'chaos.injected', policy: 'monkey', does: 'outcome' }])
    chaos('monkey').halt()

    expect(status('chaos')).toEqual([
      { name: 'monkey', does: 'outcome', is: 'halted', seen: 1, injected: 1, delayed: 0 },
    ])
    expect(() => chaos('monkey', { rate: 0.5 })).toThrow(/chaos 'monkey' already exists with { rate: 1/)
    expect(() => chaos('gorilla')).toThrow(/there is no chaos 'gorilla'; there is monkey/)
    forget('monkey', 'chaos')
  })

  it('refuses what makes no sense', () => {
    const refused: [object, RegExp][] = [
      [{}, /chaos.rate must be a number from 0 to 1, not undefined/],
      [{ rate: 1.1 }, /chaos.rate must be a number from 0 to 1, not 1.1/],
      [{ rate: -0.1 }, /chaos.rate/],
      [{ rate: Number.NaN }, /chaos.rate/],
      [{ rate: 1, latncy: 5 }, /chaos.latncy must be left out/],
      [{ rate: 1, seed: 0.5 }, /chaos.seed must be a whole number/],
      [{ rate: 1, seed: 1, random: Math.random }, /chaos.random must be left out/],
      [{ rate: 1, for: 0 }, /chaos.for must be/],
      [{ rate: 1, fault: new Error('x'), latency: 5 }, /not 'fault and latency'/],
      [{ rate: 1, latency: -1 }, /chaos.latency/],
      [{ rate: 1, latency: [20, 10] }, /chaos.latency/],
      [{ rate: 1, latency: [10] }, /chaos.latency/],
      [{ rate: 1, latency: Infinity }, /chaos.latency/],
      [{ rate: 1, outcome: 5 }, /chaos.outcome must be a function/],
      [{ rate: 1, enabled: true }, /chaos.enabled must be a function/],
    ]
    for (const [options, message] of refused) expect(() => chaos(options as never)).toThrow(message)
  })
})
