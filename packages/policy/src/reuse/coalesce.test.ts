import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { events, type PolicyEvent } from '../events.ts'
import { forget, status } from '../named/registry.ts'
import type { Call } from '../pipeline/work.ts'
import { wrap } from '../pipeline/wrap.ts'
import { retry } from '../retry/retry.ts'
import { fakeClock, policyContract } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { coalesce } from './coalesce.ts'

let nth = 0
policyContract('coalesce', () => coalesce({ key: () => String(nth++) }), { describe, it, expect })
policyContract('coalesce without keys', () => coalesce(), { describe, it, expect })

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )

describe('coalesce', () => {
  it('shares one run of the work among a thousand callers of one key', async () => {
    const share = coalesce()
    const ask = wrap(share)
    const end = Promise.withResolvers<undefined>()
    let runs = 0
    const work = () => {
      runs++
      return end.promise
    }
    const all = Array.from({ length: 1_000 }, () => ask(work, { key: 'k' }))
    const other = ask(() => 'other', { key: 'l' })

    expect(share.status()).toEqual({
      name: 'coalesce',
      inFlight: 2,
      waiting: 1_001,
      calls: 1_001,
      shared: 999,
    })
    end.resolve(undefined)
    expect(new Set(await Promise.all(all))).toEqual(new Set([undefined]))
    expect([runs, await other]).toEqual([1, 'other'])
    expect(share.status()).toMatchObject({ inFlight: 0, waiting: 0 })
  })

  it('gives all the same error, and starts anew for who comes after', async () => {
    const ask = wrap(coalesce())
    const error = new Error('down')
    const failed = [1, 2].map(() =>
      ask(() => Promise.reject(error), { key: 'k' }).catch((each: unknown) => each),
    )

    for (const each of await Promise.all(failed)) expect(each).toBe(error)
    expect(await ask(() => 'anew', { key: 'k' })).toBe('anew')
  })

  it('passes a call without a key through', async () => {
    const ask = wrap(coalesce({ key: ({ operation }) => operation }))
    let runs = 0
    await Promise.all([1, 2].map(() => ask(async () => ++runs, { key: 'k' })))
    expect(runs).toBe(2)
    await Promise.all([1, 2].map(() => ask(async () => ++runs, { operation: '' })))

    expect(runs).toBe(3)
  })

  it('lets a caller leave at once with its own reason, and aborts the work when the last has left', async () => {
    const ask = wrap(coalesce())
    const callers = [new AbortController(), new AbortController()]
    let seen: AbortSignal | undefined
    const hang = ({ signal }: Call) => {
      seen = signal
      return new Promise(() => {})
    }
    const [one, two] = callers.map(({ signal }) => outcome(ask(hang, { key: 'k', signal })))
    callers[0]!.abort('first')
    expect(await one).toEqual({ error: 'first' })
    expect(seen!.aborted).toBe(false)
    callers[1]!.abort('second')

    expect(seen).toMatchObject({ aborted: true, reason: 'second' })
    expect(await ask(() => 'anew', { key: 'k' })).toBe('anew')
    expect(await two).toEqual({ error: 'second' })
    for (const { signal } of callers) expect(getEventListeners(signal, 'abort').length).toBe(0)
  })

  it('keeps each caller to its own deadline, and the work to the longest', async () => {
    const clock = fakeClock()
    const ask = wrap(coalesce(), timeout(10_000, { clock }))
    const seen: AbortSignal[] = []
    const hang = ({ signal }: Call) => {
      seen.push(signal)
      return new Promise(() => {})
    }
    const ends: [number, unknown][] = []
    for (const deadline of [100, 300, 200]) {
      outcome(ask(hang, { key: 'k', deadline })).then((end) => ends.push([clock.now(), end]))
    }
    await clock.advance(299)
    expect(seen.map(({ aborted }) => aborted)).toEqual([false])
    await clock.advance(1)

    expect(seen[0]!.aborted).toBe(true)
    expect(ends).toMatchObject(
      [100, 200, 300].map((at) => [at, { error: { code: 'DEADLINE_PASSED', deadline: at } }]),
    )
    expect(clock.pending).toBe(0)
  })

  it('does not wait, under a cooperative timeout, for shared work that goes on for others', async () => {
    const clock = fakeClock()
    const share = coalesce()
    const end = Promise.withResolvers<string>()
    const stays = wrap(share)(() => end.promise, { key: 'k' })
    const left = outcome(
      wrap(timeout(10, { clock, mode: 'cooperative' }), share)(() => end.promise, { key: 'k' }),
    )
    await clock.advance(10)

    expect(await left).toMatchObject({ error: { code: 'TIMEOUT' } })
    end.resolve('value')
    expect(await stays).toBe('value')
  })

  it('shares the policies inside it, and is joined anew by a retry outside', async () => {
    const clock = fakeClock()
    let runs = 0
    const work = () => (++runs < 3 ? Promise.reject('down') : 'up')
    const inside = wrap(coalesce(), retry({ clock }))
    const both = Promise.all([inside(work, { key: 'k' }), inside(work, { key: 'k' })])
    await clock.advance(60_000)
    expect([await both, runs]).toEqual([['up', 'up'], 3])

    runs = 0
    const outside = wrap(retry({ clock }), coalesce())
    const again = Promise.all([outside(work, { key: 'k' }), outside(work, { key: 'k' })])
    await clock.advance(60_000)
    expect(await again).toEqual(['up', 'up'])
  })

  it('leaves no unhandled rejection when the work fails after everyone has left', async () => {
    const caller = new AbortController()
    const end = Promise.withResolvers<never>()
    const left = outcome(wrap(coalesce())(() => end.promise, { key: 'k', signal: caller.signal }))
    caller.abort('bye')
    await left
    end.reject(new Error('late'))
    await new Promise(setImmediate)

    expect(await left).toEqual({ error: 'bye' })
  })

  it('is the same by name everywhere, and tells who joined', async () => {
    const heard: PolicyEvent[] = []
    const off = events.on((event) => heard.push(event))
    const one = coalesce('users')
    await Promise.all([
      wrap(one)(async () => 1, { key: 'k' }),
      wrap(coalesce('users'))(async () => 2, { key: 'k' }),
    ])
    off()

    expect(heard).toEqual([{ type: 'coalesce.joined', policy: 'users', key: 'k' }])
    expect(one.name).toBe('users')
    expect(status('coalesce')).toEqual([{ name: 'users', inFlight: 0, waiting: 0, calls: 2, shared: 1 }])
    one.reset()
    expect(one.status()).toMatchObject({ calls: 0, shared: 0 })
    expect(() => coalesce('users', { key: () => 'x' })).toThrow(/coalesce 'users' already exists/)
    forget('users', 'coalesce')
  })

  it('refuses options that it does not know, and a key that is no function', () => {
    expect(() => coalesce({ kye: () => 'x' } as never)).toThrow(/coalesce.kye must be left out/)
    expect(() => coalesce({ key: 'x' } as never)).toThrow(/coalesce.key must be a function/)
  })
})
