import { describe, expect, it } from 'vitest'
import { events, type PolicyEvent } from '../events.ts'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock } from '../testing/index.ts'
import { timeout } from './timeout.ts'

describe('timeout', () => {
  it('fails at its time, though the work ignores the signal, and says so', async () => {
    const clock = fakeClock()
    const heard: PolicyEvent[] = []
    const off = events.on((event) => heard.push(event))
    const late = wrap(timeout(100, { clock, name: 'slow' }))(() => new Promise(() => {})).catch(
      (error) => error,
    )

    await clock.advance(99)
    expect(clock.pending).toBe(1)
    await clock.advance(1)
    off()

    expect(await late).toMatchObject({
      code: 'TIMEOUT',
      after: 100,
      message: 'slow: no answer within 100 ms',
    })
    expect(heard).toEqual([{ type: 'timeout.passed', policy: 'slow', after: 100 }])
  })

  it('swallows what the work rejects with when nobody waits any more', async () => {
    const clock = fakeClock()
    const work = Promise.withResolvers<never>()
    const unhandled: unknown[] = []
    const hear = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', hear)

    const late = wrap(timeout(100, { clock }))(() => work.promise).catch((error) => error)
    await clock.advance(100)
    work.reject(new Error('too late'))
    await clock.advance(1)
    process.off('unhandledRejection', hear)

    expect(await late).toMatchObject({ code: 'TIMEOUT' })
    expect(unhandled).toEqual([])
  })

  it('when cooperative, lets a late value stand', async () => {
    const clock = fakeClock()
    const work = Promise.withResolvers<string>()
    const signals: AbortSignal[] = []
    const value = wrap(timeout(100, { clock, mode: 'cooperative' }))(({ signal }) => {
      signals.push(signal)
      return work.promise
    })
    await clock.advance(200)
    expect(signals[0]!.aborted).toBe(true)
    work.resolve('late, but good')

    expect(await value).toBe('late, but good')
  })

  it('when cooperative, names the failure of the work as the cause', async () => {
    const clock = fakeClock()
    const work = Promise.withResolvers<string>()
    const late = wrap(timeout(100, { clock, mode: 'cooperative' }))(() => work.promise).catch(
      (error) => error,
    )
    await clock.advance(200)
    const cause = new Error('stopped')
    work.reject(cause)

    expect(await late).toMatchObject({ code: 'TIMEOUT', cause })
  })

  it('when cooperative inside an aggressive one, is cut short by it', async () => {
    const clock = fakeClock()
    const ask = wrap(timeout(300, { clock }), timeout(100, { clock, mode: 'cooperative' }))
    const late = ask(() => new Promise(() => {})).catch((error) => error)
    await clock.advance(300)

    expect(await late).toMatchObject({ code: 'TIMEOUT', after: 300 })
  })

  it.each([[0], [-1], [Number.NaN]])('refuses %d ms', (ms) => {
    expect(() => timeout(ms)).toThrow(/timeout: ms must be a number of ms above 0, not/)
  })

  it('tells of its own end only', async () => {
    const clock = fakeClock()
    const heard: unknown[] = []
    const stop = events.on((event) => heard.push(event))
    const ask = wrap(timeout(100, { clock, name: 'outer' }), timeout(500, { clock, name: 'inner' }))
    const late = ask(() => new Promise(() => {})).catch((error) => error)
    const failed = ask(() => Promise.reject(new Error('down'))).catch((error) => error)
    await clock.advance(1_000)
    await Promise.all([late, failed])
    stop()

    expect(heard).toEqual([{ type: 'timeout.passed', policy: 'outer', after: 100 }])
  })
})
