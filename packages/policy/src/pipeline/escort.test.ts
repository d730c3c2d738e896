import { describe, expect, it } from 'vitest'
import { policy } from '../named/policy.ts'
import { forget } from '../named/registry.ts'
import { resilient, under } from '../named/resilient.ts'
import { retry } from '../retry/retry.ts'
import { fakeClock } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { type Escort, escort } from './escort.ts'
import { wrap } from './wrap.ts'

const fail = () => Promise.reject(new Error('down'))

/** Tells in which order it sees what, and how calls ended. */
const teller = (name: string, told: unknown[]): Escort => ({
  async around(policy, call, answers) {
    told.push(`${name}: ${policy}, ${answers}`)
    const end = await call()
    told.push([name, end])
    return end
  },
  attempt: (call) => void told.push(`${name}: attempt ${call.attempt}`),
})

const named = async (use: (told: unknown[]) => unknown): Promise<unknown[]> => {
  const told: unknown[] = []
  const stop = escort(teller('a', told))
  try {
    await use(told)
  } finally {
    stop()
    stop()
    forget('escorted')
  }
  return told
}

describe('escort', () => {
  it('is around a call through a named policy, and sees each attempt', async () => {
    const clock = fakeClock()
    const told = await named(async () => {
      let calls = 0
      const asked = policy('escorted', retry({ attempts: 2, clock }))(() => (++calls === 1 ? fail() : 'yes'))
      await clock.advance(60_000)
      expect(await asked).toBe('yes')
    })

    expect(told).toEqual(['a: escorted, value', 'a: attempt 1', 'a: attempt 2', ['a', 'yes']])
  })

  it('is told whether a failure is a rejection or an outcome', async () => {
    const told = await named(async () => {
      const { attempt } = policy('escorted', timeout(1_000))
      expect(await attempt(fail)).toMatchObject({ ok: false, error: { message: 'down' } })
      await expect(policy('escorted')(fail)).rejects.toThrow('down')
    })

    expect(told).toEqual([
      'a: escorted, outcome',
      'a: attempt 1',
      ['a', { ok: false, error: new Error('down') }],
      'a: escorted, value',
      'a: attempt 1',
    ])
  })

  it('goes with functions and methods under the policy, too', async () => {
    const told = await named(async () => {
      const ask = policy('escorted', timeout(1_000))
      await resilient(async (n: number) => n, ask)(1)
      const decorate = under(ask)
      await decorate(async () => 2, { kind: 'method' } as never).call({})
    })

    expect(told.filter((each) => typeof each === 'object')).toEqual([
      ['a', 1],
      ['a', 2],
    ])
  })

  it('is around no call of a pipeline without a name, but sees its attempts', async () => {
    const told = await named(() => wrap(policy('escorted', timeout(1_000)))(() => 1))

    expect(told).toEqual(['a: attempt 1'])
  })

  it('stands inside those that came before it, and leaves when it is told', async () => {
    const told = await named(async (told) => {
      const stop = escort(teller('b', told))
      await policy('escorted', timeout(1_000))(() => 1)
      stop()
      await policy('escorted').attempt(() => 2)
    })
    await wrap()(() => 1)

    expect(told).toEqual([
      'a: escorted, value',
      'b: escorted, value',
      'a: attempt 1',
      'b: attempt 1',
      ['b', 1],
      ['a', 1],
      'a: escorted, outcome',
      'a: attempt 1',
      ['a', { ok: true, value: 2 }],
    ])
  })

  it('cannot break a call, nor do it twice', async () => {
    let calls = 0
    const bug = () => {
      throw new Error('bug')
    }
    const stops = [
      escort({ around: bug, attempt: bug }),
      escort({
        around(_, call) {
          void call()
          void call()
          return bug()
        },
        attempt: () => Promise.reject(new Error('bug')) as never,
      }),
    ]
    const answers = await named(async () => {
      const ask = policy('escorted', timeout(1_000))
      expect(await ask(() => ++calls)).toBe(1)
      expect(await ask.attempt(() => ++calls)).toEqual({ ok: true, value: 2 })
    })
    for (const stop of stops) stop()

    expect(answers).toHaveLength(6)
    expect(calls).toBe(2)
  })
})
