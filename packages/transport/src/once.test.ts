import { breaker, type Call, retry, wrap } from '@holdfast/policy'
import { describe, expect, it } from 'vitest'
import { MayBeDoneError, Once } from './once.ts'

const attempt = (signal = new AbortController().signal): Call => ({
  signal,
  deadline: Infinity,
  attempt: 1,
  key: undefined,
  operation: undefined,
  priority: undefined,
  headers: {},
})

const refusalOf = (once: Once): MayBeDoneError => {
  try {
    once.begin(attempt())
  } catch (error) {
    return error as MayBeDoneError
  }
  return expect.unreachable('it may be sent')
}

describe('Once', () => {
  it('lets what may be done twice be sent at any time', () => {
    const once = new Once(true)
    once.begin(attempt())

    expect(() => once.begin(attempt())).not.toThrow()
  })

  it('lets nothing be sent beside an attempt, nor after one that was done (O1)', () => {
    const once = new Once(false)
    once.begin(attempt())

    expect(refusalOf(once)).toMatchObject({ code: 'WIRE_MAY_BE_DONE', class: 'broken', cause: undefined })
  })

  it('lets it be sent again when the attempt was certainly not done', () => {
    const [once, first] = [new Once(false), attempt()]
    once.begin(first)
    once.ended(first, true, new Error('no connection'))

    expect(() => once.begin(attempt())).not.toThrow()
  })

  it('takes no word of it from any other attempt (O2)', () => {
    const [once, first] = [new Once(false), attempt()]
    once.begin(first)
    once.ended(attempt(), true, new Error('turned away'))
    once.ended(first, false, 'cut')
    once.ended(first, false, 'later')

    expect(refusalOf(once).cause).toBe('cut')
  })

  it('says what ended an attempt that has not ended yet: its signal', () => {
    const once = new Once(false)
    once.begin(attempt(AbortSignal.abort('late')))

    expect(refusalOf(once).cause).toBe('late')
  })
})

describe('MayBeDoneError', () => {
  it('is not tried again, and speaks neither for nor against whoever is asked', async () => {
    const guard = breaker({ failures: 2 })
    const failures = [new Error('one'), new MayBeDoneError('cut'), new Error('two')]
    let asked = 0
    const ask = wrap(retry({ attempts: 3, backoff: { initial: 1, max: 1 } }), guard)
    const failed = await ask(() => Promise.reject(failures[asked++])).catch((error) => error)
    const state = guard.status().is
    await wrap(guard)(() => Promise.reject(failures[asked++])).catch(() => undefined)

    expect([asked, failed.cause, state, guard.status().is]).toEqual([3, 'cut', 'closed', 'open'])
  })
})
