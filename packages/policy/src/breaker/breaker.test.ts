import { afterEach, describe, expect, it } from 'vitest'
import { BreakerOpenError, ConflictError } from '../errors.ts'
import { fallback } from '../fallback/fallback.ts'
import { forget, status } from '../named/registry.ts'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { type BreakerEvent, breaker } from './breaker.ts'
import type { BreakerOptions } from './breaker-options.ts'

const down = () => Promise.reject(new Error('down'))

/** A breaker that opens at the second failure for a second, and calls through it whose end is in the test's hands. */
function rig(options: BreakerOptions = {}) {
  const clock = fakeClock()
  const guard = breaker({ failures: 2, openFor: 1_000, clock, ...options })
  const ask = wrap(guard)
  const heard: BreakerEvent[] = []
  guard.on((event) => heard.push(event))
  const start = () => {
    const work = Promise.withResolvers<unknown>()
    const done = ask(() => work.promise).catch((error) => error)
    return { ...work, done }
  }
  const fail = (error: unknown = new Error('down')) =>
    ask(() => Promise.reject(error)).catch((reason) => reason)
  return { clock, guard, ask, start, fail, heard, types: () => heard.map(({ type }) => type) }
}

afterEach(() => {
  for (const name of ['anthropic', 'other']) forget(name)
})

describe('breaker', () => {
  it('opens at the last of so many failures in a row, and a success starts the row again (I1)', async () => {
    const { guard, fail, ask, heard } = rig()
    await fail()
    await ask(() => 'well')
    await fail()
    expect(guard.status()).toMatchObject({ is: 'closed', failures: 1 })
    await fail()

    expect(guard.status()).toMatchObject({ is: 'open', retryAfter: 1_000 })
    expect(heard).toMatchObject([
      { type: 'breaker.opened', policy: 'breaker', openFor: 1_000, error: { message: 'down' } },
    ])
  })

  it('refuses while it is open, without calling the work (I2)', async () => {
    const { clock, fail, ask, guard } = rig()
    await fail()
    await fail()
    await clock.advance(400)
    let called = false
    const refused = await ask(() => {
      called = true
    }).catch((error) => error)

    expect(refused).toBeInstanceOf(BreakerOpenError)
    expect(refused).toMatchObject({ code: 'BREAKER_OPEN', breaker: 'breaker', retryAfter: 600 })
    expect(called).toBe(false)
    expect(guard.status().counts).toEqual({
      calls: 2,
      probes: 0,
      successes: 0,
      failures: 2,
      ignored: 0,
      rejected: 1,
    })
  })

  it('closes by a successful probe, and opens again by a failed one', async () => {
    const { clock, fail, ask, types, guard } = rig()
    await fail()
    await fail()
    await clock.advance(1_000)
    await fail()
    expect(guard.status().is).toBe('open')
    await clock.advance(1_000)
    await ask(() => 'well')

    expect(types()).toEqual([
      'breaker.opened',
      'breaker.half-opened',
      'breaker.opened',
      'breaker.half-opened',
      'breaker.closed',
    ])
  })

  it('needs as many successful probes as it is told', async () => {
    const { clock, fail, ask, guard } = rig({ successes: 2 })
    await fail()
    await fail()
    await clock.advance(1_000)
    await ask(() => 'well')
    expect(guard.status().is).toBe('half-open')
    await ask(() => 'well')

    expect(guard.status().is).toBe('closed')
  })

  it('admits no more probes at once than it is told (I3)', async () => {
    const { clock, fail, start, guard } = rig({ probes: 2 })
    await fail()
    await fail()
    await clock.advance(1_000)
    const [one, two, three] = [start(), start(), start()]

    expect(await three.done).toMatchObject({ code: 'BREAKER_OPEN', retryAfter: 1_000 })
    one.resolve('well')
    await one.done
    expect(guard.status().is).toBe('closed')
    two.reject(new Error('late'))
    await two.done
    expect(guard.status()).toMatchObject({ is: 'closed', failures: 0 })
  })

  it('gives the place of a hung probe to another after one open time (I5)', async () => {
    const { clock, fail, start, guard } = rig()
    await fail()
    await fail()
    await clock.advance(1_000)
    const hung = start()
    await clock.advance(999)
    expect(await start().done).toMatchObject({ retryAfter: 1 })
    await clock.advance(1)
    const second = start()
    hung.reject(new Error('after all'))
    await hung.done
    expect(guard.status().is).toBe('half-open')
    second.resolve('well')
    await second.done

    expect(guard.status().is).toBe('closed')
  })

  it('lets the caller of a refused or hung probe leave at once', async () => {
    const { clock, fail, ask, guard } = rig()
    await fail()
    await fail()
    await clock.advance(1_000)
    const caller = new AbortController()
    const probe = ask(() => new Promise(() => {}), { signal: caller.signal })
    caller.abort('enough')

    await expect(probe).rejects.toBe('enough')
    expect(guard.status()).toMatchObject({ is: 'half-open', retryAfter: 0, counts: { ignored: 1 } })
  })

  it('does not count the failure of a call from before it opened, arriving after it closed (I4)', async () => {
    const { clock, fail, ask, start, types } = rig({ failures: 1 })
    const stale = start()
    await fail()
    await clock.advance(1_000)
    await ask(() => 'well')
    stale.reject(new Error('from another time'))
    await stale.done

    expect(types()).toEqual(['breaker.opened', 'breaker.half-opened', 'breaker.closed'])
  })

  it('does not close by the success of a call from before it opened (I4)', async () => {
    const { clock, fail, start, guard } = rig({ failures: 1 })
    const stale = start()
    await fail()
    await clock.advance(1_000)
    const probe = start()
    stale.resolve('from another time')
    await stale.done
    expect(guard.status().is).toBe('half-open')
    probe.reject(new Error('still down'))
    await probe.done

    expect(guard.status().is).toBe('open')
  })

  it('stays open longer with each failed probe, up to a limit, until it closes', async () => {
    const { clock, fail, ask, heard } = rig({ failures: 1, openFor: { initial: 1_000, max: 3_000 } })
    for (const wait of [1_000, 2_000, 3_000]) {
      await fail()
      await clock.advance(wait)
    }
    await ask(() => 'well')
    await fail()

    expect(heard.flatMap((event) => (event.type === 'breaker.opened' ? event.openFor : []))).toEqual([
      1_000, 2_000, 3_000, 1_000,
    ])
  })

  it('stays open at least as long as the error that opened it asks', async () => {
    const { fail, guard } = rig({ failures: 1 })
    await fail(Object.assign(new Error('429'), { retryAfter: 5_000 }))

    expect(guard.status().retryAfter).toBe(5_000)
  })

  it('takes an error to be ignored for nothing: neither in a row nor against it', async () => {
    const { clock, fail, guard } = rig({ ignored: (error) => error === 'mine' })
    await fail()
    await fail('mine')
    expect(guard.status()).toMatchObject({ is: 'closed', failures: 1 })
    await fail()
    await clock.advance(1_000)
    await fail('mine')

    expect(guard.status()).toMatchObject({ is: 'half-open', retryAfter: 0 })
  })

  it('takes an error that is no failure for a success: the work has answered', async () => {
    class NotFound extends Error {}
    const { clock, fail, guard } = rig({ isFailure: (error) => !(error instanceof NotFound) })
    await fail()
    await fail(new NotFound())
    expect(guard.status()).toMatchObject({ is: 'closed', failures: 0, counts: { successes: 1 } })
    await fail()
    await fail()
    await clock.advance(1_000)
    await fail(new NotFound())

    expect(guard.status().is).toBe('closed')
  })

  it('knows failures and what to ignore by their classes', async () => {
    class Down extends Error {}
    class Mine extends Error {}
    const { fail, guard } = rig({ isFailure: [Down, TypeError], ignored: [Mine] })
    for (const error of [new Down(), new Mine(), new Error('other'), new TypeError('x'), new Down()])
      await fail(error)

    expect(guard.status()).toMatchObject({ is: 'open', counts: { failures: 3, ignored: 1, successes: 1 } })
  })

  it('takes a refusal by a breaker inside for nothing', async () => {
    const { guard, clock } = rig({ failures: 1 })
    const inner = breaker({ clock })
    inner.isolate()

    await expect(wrap(guard, inner)(down)).rejects.toBeInstanceOf(BreakerOpenError)
    expect(guard.status()).toMatchObject({ is: 'closed', counts: { ignored: 1 } })
  })

  it('takes a refusal for nothing, too, when another policy has looked at its error', async () => {
    const { guard, clock } = rig({ failures: 1 })
    const inner = breaker({ clock })
    inner.isolate()
    const looks = fallback({ links: [() => 1], when: (error) => error === 'never' })

    await expect(wrap(guard, looks, inner)(down)).rejects.toBeInstanceOf(BreakerOpenError)
    expect(guard.status()).toMatchObject({ is: 'closed', counts: { ignored: 1, failures: 0 } })
  })

  it('takes a timeout inside or around it for a failure, and the abort of the caller for nothing', async () => {
    const { clock, guard, ask } = rig({ failures: 9 })
    const hang = () => new Promise(() => {})
    const caller = new AbortController()
    const calls = [
      wrap(guard, timeout(10, { clock }))(hang),
      wrap(timeout(10, { clock }), guard)(hang),
      ask(hang, { deadline: 10 }),
      ask(hang, { signal: caller.signal }),
    ]
    caller.abort()
    await Promise.all([Promise.allSettled(calls), clock.advance(10)])

    expect(guard.status()).toMatchObject({ failures: 3, counts: { calls: 4, failures: 3, ignored: 1 } })
  })

  it('can be isolated and reset by hand, whatever is under way', async () => {
    const { guard, ask, start, types } = rig({ failures: 1 })
    const underway = start()
    guard.isolate()
    expect(await ask(() => 1).catch((error) => error)).toMatchObject({
      retryAfter: Infinity,
      message: /isolated/,
    })
    expect(guard.status()).toMatchObject({ is: 'isolated', retryAfter: Infinity })
    guard.reset()
    underway.reject(new Error('from before'))
    await underway.done

    expect(await ask(() => 'well')).toBe('well')
    expect(types()).toEqual(['breaker.isolated', 'breaker.rejected', 'breaker.closed'])
  })

  it('is the same under one name, and a conflict with other options that shows both', () => {
    const first = breaker('anthropic', { failures: 5, openFor: 30_000 })

    expect(breaker('anthropic')).toBe(first)
    expect(breaker('anthropic', { openFor: 30_000 })).toBe(first)
    expect(() => breaker('anthropic', { failures: 3 })).toThrow(ConflictError)
    expect(() => breaker('anthropic', { failures: 3, openFor: 30_000 })).toThrow(/"failures":5.*"failures":3/)
    expect(breaker()).not.toBe(breaker())
    breaker('other')
    expect(status('breaker').map(({ name }) => name)).toEqual(['anthropic', 'other'])
  })

  it.each([
    [{ failures: 0 }, 'breaker.failures'],
    [{ probes: 1.5 }, 'breaker.probes'],
    [{ successes: -1 }, 'breaker.successes'],
    [{ openFor: 0 }, 'breaker.openFor'],
    [{ openFor: { initial: 5, max: 4 } }, 'breaker.openFor.max'],
    [{ openFor: { initial: 5, max: 6, factor: 0 } }, 'breaker.openFor.factor'],
  ])('refuses %o', (options, option) => {
    expect(() => breaker(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', option }))
  })
})
