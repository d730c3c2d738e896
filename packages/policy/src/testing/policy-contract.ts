import { getEventListeners } from 'node:events'
import type { CallOptions, Work } from '../pipeline/work.ts'
import { type Policy, wrap } from '../pipeline/wrap.ts'
import { type FakeClock, fakeClock } from './fake-clock.ts'

/** What the contract needs of a test runner; vitest's own functions fit. */
export interface Suite {
  describe(name: string, body: () => void): void
  it(name: string, body: () => Promise<void>): void
  expect(actual: unknown): { toBe(expected: unknown): void; toEqual(expected: unknown): void }
}

/**
 * What every policy owes its users, as tests.
 *
 * `make` gives a fresh policy on the given clock; configure it so that a failure comes out in the end (a fallback whose `when`
 * turns everything down). It may take up to a fake day to do so.
 */
export function policyContract(
  name: string,
  make: (clock: FakeClock) => Policy<unknown>,
  suite: Suite,
): void {
  const { describe, it, expect } = suite
  const DAY = 86_400_000

  async function outcome(work: Work<unknown>, options?: CallOptions) {
    const clock = fakeClock()
    const settled = wrap(make(clock))(work, options).then(
      (value) => ({ is: 'value', value }),
      (error: unknown) => ({ is: 'error', error }),
    )
    await clock.advance(DAY)
    expect(clock.pending).toBe(0)
    return settled
  }

  describe(`${name} keeps the contract of a policy: it`, () => {
    it('passes a value through, at once or promised, undefined included', async () => {
      const value = { the: 'very same' }

      expect(((await outcome(() => value)) as { value: unknown }).value).toBe(value)
      expect(((await outcome(async () => value)) as { value: unknown }).value).toBe(value)
      expect(await outcome(() => undefined)).toEqual({ is: 'value', value: undefined })
    })

    it('passes an error through unchanged, thrown or rejected, even if it is no Error', async () => {
      const error = new Error('the very same')
      const fail = () => {
        throw error
      }

      expect(((await outcome(fail)) as { error: unknown }).error).toBe(error)
      expect(((await outcome(() => Promise.reject(error))) as { error: unknown }).error).toBe(error)
      expect(await outcome(() => Promise.reject(undefined))).toEqual({ is: 'error', error: undefined })
    })

    it('does not call the work of a caller who has already left', async () => {
      const reason = new Error('left')
      let calls = 0

      const left = await outcome(() => ++calls, { signal: AbortSignal.abort(reason) })

      expect((left as { error: unknown }).error).toBe(reason)
      expect(calls).toBe(0)
    })

    it('rejects with the reason of the caller who leaves, and leaves no listener on the signal', async () => {
      const caller = new AbortController()
      const reason = { no: 'Error' }
      const work: Work<never> = ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          queueMicrotask(() => caller.abort(reason))
        })

      const left = await outcome(work, { signal: caller.signal })

      expect((left as { error: unknown }).error).toBe(reason)
      expect(getEventListeners(caller.signal, 'abort').length).toBe(0)
    })

    it('leaves no listener on the signal of a caller who stays, and does not abort the work that succeeded', async () => {
      const caller = new AbortController()
      const seen: AbortSignal[] = []

      await outcome(({ signal }) => seen.push(signal), { signal: caller.signal })

      expect(seen.map(({ aborted }) => aborted)).toEqual([false])
      expect(getEventListeners(caller.signal, 'abort').length).toBe(0)
    })

    it('keeps calls apart and needs no this', async () => {
      const clock = fakeClock()
      const ask = wrap(make(clock))
      const values = Array.from({ length: 50 }, (_, n) => ask.call(undefined, async () => n))
      await clock.advance(DAY)

      expect(await Promise.all(values)).toEqual(Array.from({ length: 50 }, (_, n) => n))
    })
  })
}
