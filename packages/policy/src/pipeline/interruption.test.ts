import { describe, expect, it } from 'vitest'
import { breaker } from '../breaker/breaker.ts'
import { DeadlineError, TimeoutError } from '../errors.ts'
import { events } from '../events.ts'
import { retry } from '../retry/retry.ts'
import { fakeClock } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import type { Call, Work } from './work.ts'
import { type Decorator, wrap } from './wrap.ts'

const backoff = { initial: 1_000, max: 10_000, jitter: 'none' } as const
const hang: Work<never> = () => new Promise(() => {})
const obedient: Work<never> = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))))
const segment: Decorator = (work) => (call) => work(call)

/** Hangs and remembers how it was called. */
function hung() {
  const calls: Call[] = []
  const work: Work<never> = (call) => {
    calls.push(call)
    return hang(call)
  }
  return { calls, work }
}

describe('an interruption', () => {
  it('by the caller ends a wait between attempts at once, and no attempt follows', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    let calls = 0
    const fail = () => Promise.reject(new Error(`attempt ${++calls}`))

    const left = wrap(retry({ clock, backoff }))(fail, { signal: caller.signal }).catch((error) => error)
    await clock.advance(50)
    caller.abort('enough')

    expect(await left).toBe('enough')
    expect([calls, clock.pending]).toEqual([1, 0])
  })

  it('by the caller settles a call whose work ignores the signal', async () => {
    const caller = new AbortController()
    const left = wrap(retry(), breaker())(hang, { signal: caller.signal })
    caller.abort('enough')

    await expect(left).rejects.toBe('enough')
  })

  it('by the caller waits for the work when all timeouts are cooperative, even across a user function', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    const work = Promise.withResolvers<string>()
    const ask = wrap(timeout(1_000, { clock, mode: 'cooperative' }), segment, breaker({ clock }))
    let settled = false

    const answer = ask(() => work.promise, { signal: caller.signal }).finally(() => {
      settled = true
    })
    caller.abort('enough')
    await clock.advance(500)
    expect(settled).toBe(false)
    work.resolve('done after all')

    expect(await answer).toBe('done after all')
  })

  it('by the caller settles at once when only some timeouts are cooperative', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    const ask = wrap(timeout(1_000, { clock }), timeout(500, { clock, mode: 'cooperative' }))
    const left = ask(hang, { signal: caller.signal })
    caller.abort('enough')

    await expect(left).rejects.toBe('enough')
  })

  it('by the caller during the synchronous part of the work is not missed', async () => {
    const caller = new AbortController()
    const leave: Work<never> = (call) => {
      caller.abort('enough')
      return hang(call)
    }

    await expect(wrap()(leave, { signal: caller.signal })).rejects.toBe('enough')
  })

  it("by the caller's deadline rejects with DeadlineError, whose cause is the last failure", async () => {
    const clock = fakeClock()
    const late = wrap(timeout(5_000, { clock, mode: 'cooperative' }))(obedient, { deadline: 300 }).catch(
      (error) => error,
    )
    await clock.advance(300)

    const error = await late
    expect(error).toBeInstanceOf(DeadlineError)
    expect(error).toMatchObject({ code: 'DEADLINE_PASSED', deadline: 300, cause: { message: 'stopped' } })
  })

  it('by a deadline already past keeps the work from being called', async () => {
    const { calls, work } = hung()

    await expect(wrap()(work, { deadline: 0 })).rejects.toMatchObject({ code: 'DEADLINE_PASSED' })
    await expect(wrap()(work, { deadline: Number.NaN })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    expect(calls).toEqual([])
  })

  it('by an outer timeout is not retried inside it', async () => {
    const clock = fakeClock()
    const { calls, work } = hung()
    const late = wrap(
      timeout(2_500, { clock }),
      retry({ clock, backoff }),
      timeout(1_000, { clock }),
    )(work).catch((error) => error)
    await clock.advance(60_000)

    expect(await late).toMatchObject({ code: 'TIMEOUT', after: 2_500 })
    expect(calls.length).toBe(2)
    expect(calls.map(({ deadline }) => deadline)).toEqual([1_000, 2_500])
    expect(clock.pending).toBe(0)
  })

  it('by an inner timeout is retried outside it, each attempt with a signal of its own', async () => {
    const clock = fakeClock()
    const { calls, work } = hung()
    const late = wrap(retry({ clock, backoff }), timeout(1_000, { clock }))(work).catch((error) => error)
    await clock.advance(1_500)
    const [first] = calls.map(({ signal }) => signal)
    await clock.advance(600)
    const second = calls[1]!.signal

    expect(first!.reason).toMatchObject({ code: 'TIMEOUT', after: 1_000 })
    expect(second.aborted).toBe(false)
    await clock.advance(60_000)
    expect(await late).toBeInstanceOf(TimeoutError)
    expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
  })

  it('that would cut a wait short makes the retry give up at once, across a user function too', async () => {
    const clock = fakeClock()
    const bad = new Error('bad')
    const failed = wrap(
      timeout(500, { clock }),
      segment,
      retry({ clock, backoff }),
    )(() => Promise.reject(bad)).catch((error) => error)
    await clock.advance(0)

    expect([await failed, clock.pending]).toEqual([bad, 0])
  })

  it('reaches a retry inside a timeout inside a retry in that order', async () => {
    const clock = fakeClock()
    const { calls, work } = hung()
    const inner = retry({ clock, attempts: 9, backoff: { ...backoff, max: 1_000 } })
    const outer = retry({ clock, attempts: 2, backoff })
    const late = wrap(
      outer,
      timeout(2_500, { clock }),
      inner,
      timeout(1_000, { clock }),
    )(work).catch((error) => error)
    await clock.advance(60_000)

    expect(await late).toMatchObject({ code: 'TIMEOUT', after: 2_500 })
    expect(calls.map(({ deadline }) => deadline)).toEqual([1_000, 2_500, 4_500, 6_000])
  })

  it('by two timeouts of equal length is the outer one', async () => {
    const clock = fakeClock()
    const named = (name: string) => timeout(1_000, { clock, name })
    const late = wrap(named('outer'), retry({ clock, backoff }), named('inner'))(hang).catch((error) => error)
    await clock.advance(1_000)

    expect((await late).message).toMatch(/^outer/)
  })

  it('noticed first by something inside that was given the deadline is still a timeout, and retried as one', async () => {
    const clock = fakeClock()
    const limit = Promise.withResolvers<never>()
    const first = new DeadlineError(1_000)
    clock.after(1_000, () => limit.reject(first))
    const ask = wrap(retry({ clock, backoff }), timeout(1_000, { clock }))
    const failures: unknown[] = []
    const off = events.on((event) => event.type === 'retry.waited' && failures.push(event.error))
    const answer = ask(({ attempt }) => (attempt === 1 ? limit.promise : 'second'))
    await clock.advance(5_000)
    off()

    expect(await answer).toBe('second')
    expect(failures).toMatchObject([{ code: 'TIMEOUT', cause: first }])
  })

  it('is a timeout to a breaker behind a user function too', async () => {
    const clock = fakeClock()
    const guard = breaker({ clock })
    const late = wrap(timeout(1_000, { clock }), segment, guard)(hang).catch((error) => error)
    await clock.advance(1_000)

    expect(await late).toBeInstanceOf(TimeoutError)
    expect(guard.status().counts.failures).toBe(1)
  })

  it('never reaches work that has already answered', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    const signals: AbortSignal[] = []
    const fail: Work<never> = ({ signal }) => {
      signals.push(signal)
      throw new Error('answered')
    }
    const left = wrap(retry({ clock, backoff }))(fail, { signal: caller.signal }).catch((error) => error)
    await clock.advance(50)
    caller.abort('enough')
    await left

    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
  })

  it('is seen by an attempt that only asks for its signal afterwards', async () => {
    const clock = fakeClock()
    const { calls, work } = hung()
    const late = wrap(timeout(10, { clock }))(work).catch((error) => error)
    await clock.advance(10)

    expect(calls[0]!.signal.reason).toBe(await late)
  })
})
