import { describe, expect, it } from 'vitest'
import { breaker } from '../breaker/breaker.ts'
import { FallbackError } from '../errors.ts'
import { events, type PolicyEvent } from '../events.ts'
import { wrap } from '../pipeline/wrap.ts'
import { retry } from '../retry/retry.ts'
import { fakeClock } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { fallback } from './fallback.ts'

const down = (what: string) => () => Promise.reject(new Error(`${what} is down`))

describe('fallback', () => {
  it('tries each link in turn, and tells who was passed over for whom', async () => {
    const heard: PolicyEvent[] = []
    const off = events.on((event) => event.type === 'fallback.taken' && heard.push(event))
    const answer = await wrap(
      fallback(down('second'), function rules() {
        return 'rules'
      }),
    )(down('first'))
    off()

    expect(answer).toBe('rules')
    expect(heard).toMatchObject([
      {
        type: 'fallback.taken',
        policy: 'fallback',
        from: 'work',
        to: 'link 1',
        error: { message: 'first is down' },
      },
      { type: 'fallback.taken', from: 'link 1', to: 'rules', error: { message: 'second is down' } },
    ])
  })

  it('hands the link the call and the error', async () => {
    const ask = wrap(
      fallback((call, error) => ({ attempt: call.attempt, signal: call.signal.aborted, error })),
    )

    expect(await ask(() => Promise.reject('why'))).toEqual({ attempt: 1, signal: false, error: 'why' })
  })

  it('is not asked when the work succeeds', async () => {
    expect(await wrap(fallback(() => 'link'))(() => 'work')).toBe('work')
  })

  it('fails with every failure when nothing is left', async () => {
    const failed = await wrap(fallback(down('second'), down('third')))(down('first')).catch((error) => error)

    expect(failed).toBeInstanceOf(FallbackError)
    expect(failed).toMatchObject({ code: 'FALLBACK_EXHAUSTED', cause: { message: 'third is down' } })
    expect(failed.errors.map((error: Error) => error.message)).toEqual([
      'first is down',
      'second is down',
      'third is down',
    ])
  })

  it('passes on what when turns down, from the work or from a link', async () => {
    const ask = wrap(
      fallback({ links: [() => Promise.reject('final'), () => 'never'], when: (error) => error !== 'final' }),
    )

    await expect(ask(() => Promise.reject('final'))).rejects.toBe('final')
    await expect(ask(() => Promise.reject('other'))).rejects.toBe('final')
  })

  it('answers in place of a breaker that refuses and of a timeout inside it', async () => {
    const clock = fakeClock()
    const guard = breaker({ clock })
    guard.isolate()

    expect(
      await wrap(
        fallback(() => 'link'),
        guard,
      )(() => 'work'),
    ).toBe('link')
    const late = wrap(
      fallback(() => 'link'),
      timeout(10, { clock }),
    )(() => new Promise(() => {}))
    await clock.advance(10)
    expect(await late).toBe('link')
  })

  it('is not taken when the call was interrupted from outside, and its link can be', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    const hang = () => new Promise(() => {})
    const asked: unknown[] = []
    const when = (error: unknown) => asked.push(error) > 0
    const left = wrap(fallback({ links: [() => 'link'], when }))(hang, { signal: caller.signal })
    caller.abort('enough')
    await expect(left).rejects.toBe('enough')
    expect(asked).toEqual([])

    const late = wrap(
      timeout(10, { clock }),
      fallback(hang, () => 'never'),
    )(down('first')).catch((error) => error)
    await clock.advance(10)
    expect(await late).toMatchObject({ code: 'TIMEOUT' })
  })

  it('starts from its first link with each attempt of a retry around it', async () => {
    const clock = fakeClock()
    let links = 0
    const link = () => (++links === 2 ? 'answered' : Promise.reject('not yet'))
    let works = 0
    const answer = wrap(retry({ clock }), fallback(link))(() => Promise.reject(++works))
    await clock.advance(60_000)

    expect([await answer, works, links]).toEqual(['answered', 2, 2])
  })

  it('refuses to have no link', () => {
    expect(() => fallback()).toThrow(/fallback.links must be at least one function/)
    expect(() => fallback(42 as never)).toThrow(/functions only, not 42/)
  })
})
