import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Call } from '../pipeline/work.ts'
import { type Flight, Flights } from './flights.ts'

const callOf = (signal: AbortSignal): Call => ({
  signal,
  deadline: 5,
  attempt: 2,
  key: 'k',
  operation: 'read',
  priority: 1,
  headers: { a: 'b' },
})

const settled = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )

describe('Flights', () => {
  it('gives the work a call like that of the first, without its deadline', () => {
    const flights = new Flights()
    const caller = new AbortController()
    let seen: Flight | undefined
    void flights.join('k', callOf(caller.signal), (flight) => {
      seen = flight
    })

    const { deadline, attempt, key, operation, priority, headers, signal } = seen!
    expect({ deadline, attempt, key, operation, priority, headers }).toEqual({
      deadline: Infinity,
      attempt: 2,
      key: 'k',
      operation: 'read',
      priority: 1,
      headers: { a: 'b' },
    })
    expect(signal).not.toBe(caller.signal)
  })

  it('does not start for who has left already', async () => {
    const flights = new Flights()
    const left = flights.join('k', callOf(AbortSignal.abort('gone')), () => expect.unreachable())

    expect(await settled(left)).toEqual({ error: 'gone' })
    expect(flights.size).toBe(0)
  })

  it('lands when the work throws at once, or answers something odd', async () => {
    const flights = new Flights()
    const { signal } = new AbortController()
    const thrown = flights.join('k', callOf(signal), () => {
      throw 'at once'
    })
    expect(await settled(thrown)).toEqual({ error: 'at once' })
    const odd = flights.join('k', callOf(signal), () => ({
      // biome-ignore lint/suspicious/noThenProperty: what is not a promise may still be one to wait for
      get then(): never {
        throw 'no then'
      },
    }))

    expect(await settled(odd)).toEqual({ error: 'no then' })
    expect([flights.size, getEventListeners(signal, 'abort').length]).toEqual([0, 0])
  })

  it('is not joinable for who comes while its abort is being told (I2)', async () => {
    const flights = new Flights()
    const first = new AbortController()
    const later = callOf(new AbortController().signal)
    let second: Promise<unknown> | undefined
    const left = flights.join('k', callOf(first.signal), (flight) => {
      flight.signal.addEventListener('abort', () => {
        second = flights.join('k', later, () => 'anew')
      })
      return new Promise(() => {})
    })
    first.abort('bye')

    expect(await settled(left)).toEqual({ error: 'bye' })
    expect(await second).toBe('anew')
  })

  it('keeps its invariants whatever happens in whatever order', async () => {
    const step = fc.record({
      does: fc.constantFrom('join', 'join', 'join', 'leave', 'land', 'fail', 'letGo', 'letAllGo'),
      key: fc.constantFrom('a', 'b'),
      at: fc.nat(20),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const flights = new Flights()
        const air: {
          key: string
          flight: Flight
          waiters: Set<AbortController>
          end: PromiseWithResolvers<string>
        }[] = []
        const waits: {
          caller: AbortController
          outcome: Promise<unknown>
          is?: unknown
          expected?: unknown
        }[] = []
        const open = (key: string) => air.find((each) => each.key === key && each.flight.joinable)
        for (const { does, key, at } of steps) {
          const flight = air[at % Math.max(1, air.length)]
          if (does === 'join') {
            const caller = new AbortController()
            const known = open(key)
            const outcome = flights.join(key, callOf(caller.signal), (made) => {
              const end = Promise.withResolvers<string>()
              expect(known, 'I1').toBeUndefined()
              air.push({ key, flight: made, waiters: new Set(), end })
              return end.promise
            })
            open(key)!.waiters.add(caller)
            const wait: (typeof waits)[number] = { caller, outcome }
            settled(outcome).then((is) => {
              wait.is = is
            })
            waits.push(wait)
          } else if (does === 'leave') {
            const wait = waits[at % Math.max(1, waits.length)]
            const on = air.find(({ waiters }) => wait !== undefined && waiters.has(wait.caller))
            wait?.caller.abort(`left ${at}`)
            if (wait === undefined || on === undefined) continue
            wait.expected = { error: `left ${at}` }
            on.waiters.delete(wait.caller)
            expect(on.flight.signal.aborted, 'I2').toBe(on.waiters.size === 0)
            if (on.waiters.size === 0) expect(on.flight.joinable, 'I2').toBe(false)
          } else if (does === 'land' || does === 'fail') {
            if (flight === undefined) continue
            air.splice(air.indexOf(flight), 1)
            if (does === 'land') flight.end.resolve('value')
            else flight.end.reject('error')
            for (const wait of waits)
              if (flight.waiters.has(wait.caller))
                wait.expected = does === 'land' ? { value: 'value' } : { error: 'error' }
            await new Promise(setImmediate)
            expect(flight.flight.joinable, 'I4').toBe(false)
          } else if (does === 'letGo') flights.letGo(key)
          else flights.letAllGo()
          const joinable = air.filter((each) => each.flight.joinable)
          expect(flights.size, 'I1, I4').toBe(joinable.length)
          expect(flights.waiting).toBe(joinable.reduce((sum, { waiters }) => sum + waiters.size, 0))
        }
        await new Promise(setImmediate)
        for (const { is, expected, caller } of waits) {
          expect(is, 'I3').toEqual(expected)
          expect(getEventListeners(caller.signal, 'abort').length, 'I3').toBe(expected === undefined ? 1 : 0)
        }
      }),
      { seed: 1, numRuns: 200 },
    )
  })
})
