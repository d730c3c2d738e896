import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { Call } from '../pipeline/work.ts'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock } from '../testing/index.ts'
import { systemClock } from '../time/clock.ts'
import { timeout } from '../time/timeout.ts'
import { context, withContext } from './context.ts'

const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true }
const hang = () => new Promise<never>(() => {})
const soon = (ms: number) => systemClock.now() + ms

describe('context', () => {
  it('is empty outside of any, and what was given inside, across waits', async () => {
    expect(context()).toEqual({})
    const seen = await withContext({ trace, correlation: 'c1' }, async () => {
      await new Promise((done) => setImmediate(done))
      return context()
    })

    expect(seen).toEqual({ trace, correlation: 'c1' })
    expect(context()).toEqual({})
  })
})

describe('withContext', () => {
  it('inherits what it is not given, and lets the rest be replaced', () => {
    const inner = withContext({ trace, correlation: 'c1', deadline: 5e9 }, () =>
      withContext({ correlation: 'c2' }, context),
    )

    expect(inner).toEqual({ trace, correlation: 'c2', deadline: 5e9 })
  })

  it('brings a deadline forward, and never back (I1)', () => {
    const deadlines = withContext({ deadline: 1_000 }, () => [
      withContext({ deadline: 2_000 }, context).deadline,
      withContext({ deadline: 500 }, context).deadline,
      withContext({ deadline: Infinity }, context).deadline,
      withContext({ deadline: -Infinity }, context).deadline,
    ])

    expect(deadlines).toEqual([1_000, 500, 1_000, -Infinity])
  })

  it('adds its signal to the one there is (I1)', () => {
    const [outer, inner] = [new AbortController(), new AbortController()]
    const same = withContext({ signal: outer.signal }, () => withContext({ signal: outer.signal }, context))
    const both = withContext({ signal: outer.signal }, () => withContext({ signal: inner.signal }, context))
    outer.abort(new Error('outside'))

    expect(same.signal).toBe(outer.signal)
    expect(both.signal?.reason).toEqual(new Error('outside'))
  })

  it('answers with what the function does, or throws it', () => {
    expect(withContext({}, () => 7)).toBe(7)
    expect(() =>
      withContext({}, () => {
        throw new Error('no')
      }),
    ).toThrow('no')
  })

  it('refuses what it cannot use', () => {
    expect(() => withContext({ deadline: Number.NaN }, context)).toThrow(/withContext.deadline/)
    expect(() => withContext({ deadlin: 1 } as object, context)).toThrow(
      /withContext.deadlin must be left out/,
    )
  })
})

describe('a pipeline in a context', () => {
  const seenBy = (options?: Parameters<ReturnType<typeof wrap>>[1]) => {
    const ask = wrap()
    return ask((call) => call, options)
  }

  it('has its deadline, or its own if that is nearer', async () => {
    const deadline = soon(60_000)
    const deadlines = await withContext({ deadline }, async () => [
      (await seenBy()).deadline,
      (await seenBy({ deadline: deadline - 1 })).deadline,
      (await seenBy({ deadline: deadline + 1 })).deadline,
      await wrap(timeout(1e9))((call) => call.deadline),
    ])

    expect(deadlines).toEqual([deadline, deadline - 1, deadline, deadline])
  })

  it('does not begin when the deadline has passed', async () => {
    let began = false
    const late = withContext({ deadline: soon(-1) }, () => wrap()(() => (began = true)))

    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_PASSED' })
    expect(began).toBe(false)
  })

  it('keeps the deadline on a clock of its own', async () => {
    const clock = fakeClock(7)
    const late = withContext({ deadline: soon(1_000) }, () => wrap(timeout(1e9, { clock }))(hang))
    const failed = expect(late).rejects.toMatchObject({ code: 'DEADLINE_PASSED' })
    await clock.advance(900)
    expect(clock.pending).toBeGreaterThan(0)
    await clock.advance(200)
    await failed

    expect(clock.pending).toBe(0)
  })

  it('ends with its signal, and with its own, and leaves no listener', async () => {
    const [around, own] = [new AbortController(), new AbortController()]
    const call = (options?: object) => withContext({ signal: around.signal }, () => wrap()(hang, options))
    const ownLeft = call({ signal: own.signal })
    const left = call()
    own.abort(new Error('own'))
    await expect(ownLeft).rejects.toThrow('own')
    around.abort(new Error('around'))
    await expect(left).rejects.toThrow('around')

    expect(getEventListeners(own.signal, 'abort')).toHaveLength(0)
    expect(getEventListeners(around.signal, 'abort')).toHaveLength(0)
    await expect(withContext({ signal: around.signal }, () => wrap()(() => 1))).rejects.toThrow('around')
  })

  it('still knows whom it serves when it is given a call', async () => {
    const root = (call: Call) => (call as Call & { root: object }).root
    const [outer, inner] = await withContext({ deadline: soon(60_000) }, () =>
      wrap()(async (call) => {
        Object.assign(call.headers, { 'x-a': '1' })
        return [call, await wrap()((within) => within, call)] as const
      }),
    )

    expect(root(inner)).toBe(root(outer))
    expect(inner.headers).toEqual({ 'x-a': '1' })
    expect(inner.deadline).toBe(outer.deadline)
  })

  it('is given its own options, untouched, where the context sets no limit (I2)', async () => {
    const caller = new AbortController()
    const { deadline, key } = await withContext({ correlation: 'c' }, () =>
      seenBy({ signal: caller.signal, deadline: 5e9, key: 'k' }),
    )

    expect((await seenBy({ deadline: 5e9 })).deadline).toBe(5e9)
    expect((await seenBy()).deadline).toBe(Infinity)
    expect([deadline, key]).toEqual([5e9, 'k'])
    expect((await withContext({ correlation: 'c' }, () => seenBy())).deadline).toBe(Infinity)
  })
})
