import { describe, expect, it } from 'vitest'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock } from '../testing/index.ts'
import { breaker } from './breaker.ts'
import { consecutive } from './consecutive.ts'
import { countWindow } from './count-window.ts'

function rig(options = {}) {
  const clock = fakeClock(5_000)
  const guard = breaker({ failures: 2, openFor: 1_000, clock, ...options })
  const heard: string[] = []
  guard.on(({ type, key }) => heard.push(key === undefined ? type : `${type} ${key}`))
  const ask = wrap(guard)
  const fail = (key?: string) => ask(() => Promise.reject(new Error('down')), { key }).catch((error) => error)
  const well = (key?: string) => ask(() => 'well', { key })
  return { clock, guard, heard, fail, well }
}

describe('breaker.disable', () => {
  it('admits everything and decides nothing until reset', async () => {
    const { guard, heard, fail } = rig()
    guard.disable()
    for (let n = 0; n < 5; n++) await fail()

    expect(guard.status()).toMatchObject({ is: 'disabled', failures: 0, counts: { calls: 5, failures: 5 } })
    expect(heard).toEqual(['breaker.disabled'])
    guard.reset()
    await fail()
    await fail()
    expect(guard.status().is).toBe('open')
  })
})

describe('breaker.observe', () => {
  it('admits everything, and tells when it would have opened', async () => {
    const { guard, heard, fail } = rig()
    guard.observe()
    for (let n = 0; n < 5; n++) await fail()

    expect(guard.status()).toMatchObject({
      is: 'observed',
      failures: 1,
      counts: { failures: 5, rejected: 0 },
    })
    expect(heard).toEqual(['breaker.observed', 'breaker.would-open', 'breaker.would-open'])
  })
})

describe('breaker.save and restore', () => {
  it('hold the time that remains, not a time of day', async () => {
    const { clock, guard, fail } = rig({ openFor: { initial: 1_000, max: 9_000 } })
    await fail()
    await fail()
    await clock.advance(400)
    const saved = JSON.parse(JSON.stringify(guard.save()))
    expect(saved).toEqual({ is: 'open', remaining: 600, relapses: 0 })
    const later = rig({ openFor: { initial: 1_000, max: 9_000 } })
    later.guard.restore(saved)
    await later.clock.advance(599)

    expect(await later.well().catch(({ code, retryAfter }) => [code, retryAfter])).toEqual([
      'BREAKER_OPEN',
      1,
    ])
    await later.clock.advance(1)
    expect(await later.fail()).toMatchObject({ message: 'down' })
    expect(later.guard.save()).toEqual({ is: 'open', remaining: 2_000, relapses: 1 })
  })

  it('bring back every state, a half-open one as one that probes at once', async () => {
    const { clock, guard, fail, well } = rig()
    for (const is of ['isolated', 'disabled', 'observed', 'closed'] as const) {
      guard.restore({ is })
      expect(guard.save()).toEqual({ is })
    }
    await fail()
    await fail()
    await clock.advance(1_000)
    const probe = Promise.withResolvers<unknown>()
    const probing = wrap(guard)(() => probe.promise)
    expect(guard.status().is).toBe('half-open')
    const saved = guard.save()
    probe.resolve(1)
    await probing
    guard.restore(saved)

    expect(saved).toEqual({ is: 'open', remaining: 0, relapses: 0 })
    expect(await well()).toBe('well')
    expect(guard.status().is).toBe('closed')
  })

  it.each([
    null,
    {},
    { is: 'half-open' },
    { is: 'open' },
    { is: 'open', remaining: -1, relapses: 0 },
    { is: 'open', remaining: Infinity, relapses: 0 },
    { is: 'open', remaining: 1, relapses: 0.5 },
    { is: 'closed', keys: { a: { is: 'ajar' } } },
  ])('refuse %j, and change nothing', (saved) => {
    const { guard } = rig()
    guard.isolate()

    expect(() => guard.restore(saved as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    expect(guard.status().is).toBe('isolated')
  })
})

describe('breaker.configure', () => {
  it('changes thresholds and keeps what was counted', async () => {
    const { guard, fail } = rig({ failures: 5 })
    await fail()
    await fail()
    guard.configure({ failures: 3 })
    expect(guard.status()).toMatchObject({ is: 'closed', failures: 2 })
    await fail()

    expect(guard.status().is).toBe('open')
  })

  it('shortens the time that it is still open, and never lengthens it', async () => {
    const { clock, guard, fail } = rig()
    await fail()
    await fail()
    await clock.advance(500)
    guard.configure({ openFor: 100 })
    expect(guard.status().retryAfter).toBe(100)
    guard.configure({ openFor: 60_000 })

    expect(guard.status().retryAfter).toBe(100)
  })

  it('can change the trip for another kind, which counts afresh, and back', async () => {
    const { guard, fail } = rig()
    await fail()
    guard.configure({ trip: countWindow({ calls: 2 }) })
    expect(guard.status().failures).toBe(0)
    await fail()
    guard.configure({ failures: 4 })
    guard.configure({ probes: 2 })
    for (let n = 0; n < 3; n++) await fail()

    expect(guard.status()).toMatchObject({ is: 'closed', failures: 3 })
  })

  it('changes nothing if an option is wrong', () => {
    const { guard } = rig()

    expect(() => guard.configure({ failures: 9, probes: 0 })).toThrow(/probes/)
    expect(() => guard.configure({ failures: 9, trip: consecutive(1) })).toThrow(
      /left out where trip is given/,
    )
    expect(() => guard.configure({ trip: 'adaptive' as never })).toThrow(/breaker.trip/)
    expect(() => guard.configure({ isFailure: 'all' as never })).toThrow(/breaker.isFailure/)
    expect(() => guard.configure({ probe: 2 } as never)).toThrow(/there is failures, trip/)
    expect((guard as unknown as { rules: object }).rules).toMatchObject({
      trip: { failures: 2 },
      probes: 1,
    })
  })
})

describe('a breaker by key', () => {
  it('keeps keys apart, and those without one', async () => {
    const { guard, heard, fail, well } = rig({ perKey: true })
    await fail('a')
    await fail('b')
    await fail('a')
    await fail()

    expect(await fail('a')).toMatchObject({ code: 'BREAKER_OPEN' })
    expect([await well('b'), await well()]).toEqual(['well', 'well'])
    expect(guard.status()).toMatchObject({
      is: 'closed',
      keyCount: 2,
      keys: [{ key: 'a', is: 'open', failures: 2, retryAfter: 1_000 }],
    })
    expect(heard).toEqual(['breaker.opened a', 'breaker.rejected a'])
    expect([guard.status('a').is, guard.status('b').is, guard.status('new').is]).toEqual([
      'open',
      'closed',
      'closed',
    ])
    expect(guard.status().keyCount).toBe(2)
  })

  it('isolates and resets one key, or all there are and those to come', async () => {
    const { guard, well } = rig({ perKey: true })
    await well('a')
    guard.isolate('b')
    expect([await well('a'), (await well('b').catch((error) => error)).code]).toEqual([
      'well',
      'BREAKER_OPEN',
    ])
    guard.reset('b')
    expect(await well('b')).toBe('well')
    guard.isolate()
    const asked = await Promise.allSettled([well('a'), well('new'), well()])
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    guard.reset()
    expect([await well('a'), await well('newer'), await well()]).toEqual(['well', 'well', 'well'])
  })

  it('is bounded: the idle key not asked for the longest goes first', async () => {
    const { guard, fail, well } = rig({ perKey: true, maxKeys: 3 })
    await fail('sick')
    await fail('sick')
    for (const key of ['a', 'b', 'c', 'd', 'e']) await well(key)

    expect(guard.status()).toMatchObject({ keyCount: 3, keys: [{ key: 'sick', is: 'open' }] })
  })

  it('saves the keys that are not closed, and takes them up again', async () => {
    const { guard, fail, well } = rig({ perKey: true })
    await well('well')
    await fail('sick')
    await fail('sick')
    const saved = guard.save()
    expect(saved).toEqual({ is: 'closed', keys: { sick: { is: 'open', remaining: 1_000, relapses: 0 } } })
    const later = rig({ perKey: true })
    later.guard.restore(saved)

    expect(await later.fail('sick')).toMatchObject({ code: 'BREAKER_OPEN', retryAfter: 1_000 })
  })

  it('lists a hundred keys that are not closed, no more', async () => {
    const { guard } = rig({ perKey: true })
    for (let n = 0; n < 150; n++) guard.isolate(`${n}`)

    expect(guard.status().keys?.length).toBe(100)
  })

  it('refuses a key where it was not made for keys', () => {
    expect(() => rig().guard.reset('a')).toThrow(/perKey/)
  })
})
