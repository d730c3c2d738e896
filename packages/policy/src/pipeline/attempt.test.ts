import { describe, expect, it } from 'vitest'
import { breaker } from '../breaker/breaker.ts'
import { fakeClock } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import type { Outcome } from './outcome.ts'
import type { Hold, Refusal, Stage } from './stage.ts'
import type { Call } from './work.ts'
import { type Decorator, wrap } from './wrap.ts'

const segment: Decorator = (work) => (call) => work(call)

describe('a call', () => {
  it('carries key, operation and priority through every pipeline on its way', async () => {
    const seen = await wrap(segment, segment)(
      ({ key, operation, priority }) => ({ key, operation, priority }),
      {
        key: 'k',
        operation: 'o',
        priority: 2,
      },
    )

    expect(seen).toEqual({ key: 'k', operation: 'o', priority: 2 })
    expect(await wrap()(({ key, operation, priority }: Call) => [key, operation, priority])).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('knows its deadline and its signal after its attempt has ended, too', async () => {
    const clock = fakeClock(1_000)
    const calls: Call[] = []
    await wrap(timeout(500, { clock }))((call) => void calls.push(call))
    await clock.advance(5_000)

    expect(calls[0]!.deadline).toBe(1_500)
    expect(calls[0]!.signal.aborted).toBe(false)
  })

  it('has the nearest deadline of all pipelines around it', async () => {
    const clock = fakeClock()
    const [long, short] = [timeout(900, { clock }), timeout(300, { clock })]

    expect(await wrap(short, segment, long)(({ deadline }) => deadline)).toBe(300)
    expect(await wrap(long, segment, short)(({ deadline }) => deadline, { deadline: 200 })).toBe(200)
  })
})

describe('attempt', () => {
  it('answers with an outcome, whatever comes of the call', async () => {
    const guard = breaker({ failures: 1 })
    const ask = wrap(guard)
    const error = new Error('down')

    const outcomes: Outcome<unknown>[] = [
      await ask.attempt(() => undefined),
      await ask.attempt(async () => 1),
      await ask.attempt(() => Promise.reject(error)),
      await ask.attempt(() => 'never called'),
    ]

    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, false, false])
    expect(outcomes.slice(0, 3)).toEqual([
      { ok: true, value: undefined },
      { ok: true, value: 1 },
      { ok: false, error },
    ])
    const refused = outcomes[3] as { error: { code: string } }
    expect(refused.error.code).toBe('BREAKER_OPEN')
    expect(refused.error).toBe(refused.error)
  })

  it('answers with an outcome through user functions and nested pipelines', async () => {
    const guard = breaker({ failures: 1 })
    guard.isolate()

    expect(await wrap(segment, guard).attempt(() => 1)).toMatchObject({
      ok: false,
      error: { code: 'BREAKER_OPEN' },
    })
    expect(await wrap(guard, segment).attempt(() => 1)).toMatchObject({
      ok: false,
      error: { code: 'BREAKER_OPEN' },
    })
  })
})

describe('a stage', () => {
  const stage = (enter: Stage['enter']) => {
    let left = 0
    return {
      name: 'door',
      enter,
      leave() {
        left++
        return undefined
      },
      get left() {
        return left
      },
    }
  }
  const refusal = { refuse: () => 'refused' }

  it('that refuses is not left, and those outside it are', async () => {
    const outside = stage(() => undefined)
    const door = stage(() => refusal)

    await expect(wrap(outside, door)(() => 1)).rejects.toBe('refused')
    expect([outside.left, door.left]).toEqual([1, 0])
  })

  it('that throws is not left either', async () => {
    const door = stage(() => {
      throw new Error('bug')
    })

    await expect(wrap(door)(() => 1)).rejects.toThrow('bug')
    expect(door.left).toBe(0)
  })

  const now =
    (...said: (Refusal | undefined)[]): Hold['hold'] =>
    (go) => {
      for (const each of said) go(each)
      return () => {}
    }
  const later =
    (said?: Refusal): Hold['hold'] =>
    (go) => {
      queueMicrotask(() => go(said))
      return () => {}
    }

  it.each<[string, Hold['hold'], unknown, number]>([
    ['lets a call in at once', now(undefined), 1, 1],
    ['lets a call in later', later(), 1, 1],
    ['turns a call away at once', now(refusal), 'refused', 0],
    ['turns a call away later', later(refusal), 'refused', 0],
    ['says two things: the first holds', now(undefined, refusal), 1, 1],
  ])('that holds and %s', async (_, hold, answer, left) => {
    const door = stage(() => ({ hold }))
    const outcome = await wrap(door)(() => 1).catch((error: unknown) => error)

    expect([outcome, door.left]).toEqual([answer, left])
  })

  it('that holds is told when the call is interrupted, once, and is not left', async () => {
    const caller = new AbortController()
    let cancelled = 0
    const door = stage(() => ({ hold: () => () => cancelled++ }))
    const held = wrap(door)(() => 1, { signal: caller.signal })
    caller.abort('enough')

    await expect(held).rejects.toBe('enough')
    expect([cancelled, door.left]).toEqual([1, 0])
  })

  it('that is interrupted on the way down to it holds nothing', async () => {
    const clock = fakeClock()
    let cancelled = 0
    const door = stage(() => ({ hold: () => () => cancelled++ }))
    const held = wrap(timeout(100, { clock }), door)(() => 1).catch((error) => error)
    await clock.advance(100)

    expect(await held).toMatchObject({ code: 'TIMEOUT' })
    expect([cancelled, door.left, clock.pending]).toEqual([1, 0, 0])
  })

  it('that let a call in at the moment it was interrupted is left', async () => {
    const caller = new AbortController()
    let called = false
    const door = stage(() => ({
      hold: (go) => {
        queueMicrotask(() => {
          go()
          caller.abort('just now')
        })
        return () => {}
      },
    }))

    const asked = wrap(door)(
      () => {
        called = true
      },
      { signal: caller.signal },
    )
    await expect(asked).rejects.toBe('just now')
    expect([called, door.left]).toEqual([false, 1])
  })
})
