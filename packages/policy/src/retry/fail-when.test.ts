import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { breaker } from '../breaker/breaker.ts'
import { AnswerError } from '../errors.ts'
import { fallback } from '../fallback/fallback.ts'
import { hedge } from '../hedge/hedge.ts'
import type { CallOptions, Work } from '../pipeline/work.ts'
import { type Decorator, type Pipeline, wrap } from '../pipeline/wrap.ts'
import { fakeClock, policyContract } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { type AnswerJudge, failWhen } from './fail-when.ts'
import { retry } from './retry.ts'

const suite = { describe, it, expect }

policyContract('failWhen', () => failWhen(() => false), suite)
policyContract(
  'failWhen under a retry, with a release',
  (clock) =>
    wrap(
      retry({ clock }),
      failWhen(() => undefined, { release: () => 0 }),
    ),
  suite,
)

interface Answer {
  readonly status: number
}

const down = ({ status }: Answer) => status >= 500
const ok: Answer = { status: 200 }
const bad: Answer = { status: 503 }

/** Work that gives these answers, one after the other; it throws those that are errors. */
function answering<T>(...answers: readonly (T | Error)[]): Work<T> {
  let n = 0
  return async () => {
    const answer = answers[n++]
    if (answer instanceof Error) throw answer
    return answer as T
  }
}

async function failure(settled: Promise<unknown>): Promise<unknown> {
  return settled.then(
    (value) => expect.unreachable(`it answered ${value}`),
    (error: unknown) => error,
  )
}

describe('failWhen', () => {
  it.each<[string, () => Answer | Promise<Answer>]>([
    ['at once', () => bad],
    ['promised', async () => bad],
  ])('fails with an AnswerError that has the answer, if that came %s', async (_, work) => {
    const error = await failure(wrap(failWhen(down, { name: 'status' }))(work))

    expect(error).toBeInstanceOf(AnswerError)
    expect(error).toMatchObject({
      name: 'AnswerError',
      code: 'ANSWER_REFUSED',
      message: 'status: the work answered, and its answer counts as a failure',
    })
    expect((error as AnswerError).value).toBe(bad)
    expect((error as AnswerError).hint).not.toBe('')
  })

  it('goes by a name of its own in the error, which has no stack and leaves other errors theirs', async () => {
    const error = (await failure(wrap(failWhen(down))(() => bad))) as AnswerError

    expect(error.message).toMatch(/^failWhen: /)
    expect(error.stack).not.toMatch(/\n/)
    expect(new Error('other').stack).toMatch(/\n/)
  })

  it.each([[false], [undefined], [null]])('lets the very same answer pass for %o (I1)', async (judged) => {
    expect(await wrap(failWhen(() => judged))(() => bad)).toBe(bad)
  })

  it('judges undefined like any answer', async () => {
    const seen: unknown[] = []
    const missing: AnswerJudge<unknown> = (value) => {
      seen.push(value)
      return value === undefined
    }
    const outcome = await wrap(failWhen(missing)).attempt(() => undefined)

    expect(outcome).toMatchObject({ ok: false, error: { code: 'ANSWER_REFUSED', value: undefined } })
    expect(seen).toEqual([undefined])
  })

  it('fails with the error that judge answers with, as it is', async () => {
    const own = new TypeError('my own')

    expect(await failure(wrap(failWhen(() => own))(() => bad))).toBe(own)
  })

  it.each([[new Error('bug in judge')], [undefined]])('fails with what judge throws: %o', async (thrown) => {
    const judge = () => {
      throw thrown
    }

    expect(await failure(wrap(failWhen(judge))(() => bad))).toBe(thrown)
  })

  it('tells judge what the caller brought', async () => {
    const seen: unknown[] = []
    const look: AnswerJudge<unknown> = (_, call) => void seen.push(call)
    const options: CallOptions = { key: 'k', operation: 'read' }
    const ask = wrap(failWhen(look))

    await ask(() => 1, options)
    await ask(() => 1)

    expect(seen).toEqual([options, undefined])
  })

  it('does not judge a failure (I3)', async () => {
    let judged = 0
    const own = new Error('from the work')
    const ask = wrap(failWhen(() => ++judged > 0))

    expect(await failure(ask(() => Promise.reject(own)))).toBe(own)
    expect(await failure(ask(() => 1, { signal: AbortSignal.abort(own) }))).toBe(own)
    expect(judged).toBe(0)
  })

  it.each([['yes'], [1], [{}]])('fails with an OptionError if judge answers %o', async (judged) => {
    const error = await failure(wrap(failWhen(() => judged as never, { name: 'status' }))(() => bad))

    expect(error).toMatchObject({ code: 'OPTION_INVALID', option: 'status: what judge answers' })
  })

  it('does not take the promise of an asynchronous judge for a verdict, nor leave its rejection unhandled', async () => {
    const unhandled: unknown[] = []
    const hear = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', hear)

    const fine = await failure(wrap(failWhen((async () => false) as never))(() => ok))
    await failure(wrap(failWhen((() => Promise.reject(new Error('late'))) as never))(() => ok))
    await new Promise((go) => setImmediate(go))
    process.off('unhandledRejection', hear)

    expect(fine).toMatchObject({ code: 'OPTION_INVALID' })
    expect(unhandled).toEqual([])
  })

  it.each([
    [() => failWhen(null as never), /failWhen: judge must be a function, not null/],
    [
      () => failWhen(down, null as never),
      /failWhen: options must be an object with any of release, name, not null/,
    ],
    [
      () => failWhen(down, 'status' as never),
      /failWhen: options must be an object with any of release, name, not 'status'/,
    ],
    [() => failWhen(down, { release: 1 as never }), /failWhen\.release must be a function, not 1/],
    [() => failWhen(down, { realese: () => 0 } as never), /failWhen\.realese must be left out/],
  ])('refuses options that are unusable: %o', (make, message) => {
    expect(make).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    expect(make).toThrow(message)
  })

  it('changes no type: what may come out is what the work answers, or a fallback', async () => {
    const sure: Pipeline = wrap(retry(), failWhen(down))
    const typed: Promise<Answer> = sure(() => ok)
    const maybe: Pipeline<string> = wrap(
      fallback(() => 'cached'),
      failWhen(down),
    )

    // @ts-expect-error judge has to say what it takes
    failWhen((answer) => answer.status > 0)
    expect([await typed, await maybe(() => bad)]).toEqual([ok, 'cached'])
  })
})

describe('failWhen, inside other policies,', () => {
  it('has a retry try again', async () => {
    const clock = fakeClock()
    const value = wrap(retry({ clock }), failWhen(down))(answering(bad, bad, ok))
    await clock.advance(60_000)

    expect(await value).toBe(ok)
  })

  it('has a retry end with the last refused answer', async () => {
    const clock = fakeClock()
    const last = { status: 500 }
    const value = failure(
      wrap(retry({ clock, attempts: 2 }), failWhen(down))(answering<Answer>(bad, last, ok)),
    )
    await clock.advance(60_000)

    expect(((await value) as AnswerError).value).toBe(last)
  })

  it('has a retry heed what the error of judge asks for', async () => {
    const clock = fakeClock()
    const busy = ({ status }: Answer) =>
      status === 429
        ? Object.assign(new Error('busy'), { retryAfter: 700 })
        : status >= 400 && Object.assign(new Error('wrong'), { retryable: false })
    const ask = wrap(retry({ clock, backoff: { initial: 1, max: 1_000 } }), failWhen(busy))
    let settled = false
    const value = ask(answering<Answer>({ status: 429 }, ok)).finally(() => {
      settled = true
    })
    await clock.advance(699)
    expect(settled).toBe(false)
    await clock.advance(1)

    expect(await value).toBe(ok)
    expect(await failure(ask(answering<Answer>({ status: 404 }, ok)))).toMatchObject({ message: 'wrong' })
  })

  it('opens a breaker, for as long as the error of judge asks for', async () => {
    const clock = fakeClock()
    const circuit = breaker({ clock, failures: 2, openFor: 1_000 })
    const limited = () => Object.assign(new Error('429'), { retryAfter: 5_000 })
    const ask = wrap(circuit, failWhen(limited))

    await failure(ask(() => bad))
    await failure(ask(() => bad))

    expect(circuit.status()).toMatchObject({ is: 'open', failures: 2, retryAfter: 5_000 })
    expect(await failure(ask(() => ok))).toMatchObject({ code: 'BREAKER_OPEN' })
  })

  it('counts as nothing but a success where the answer passes', async () => {
    const circuit = breaker()
    await wrap(circuit, failWhen(down))(() => ok)

    expect(circuit.status().counts).toMatchObject({ successes: 1, failures: 0 })
  })

  it('has a hedge ask again at once', async () => {
    const clock = fakeClock()

    expect(await wrap(hedge({ delay: 1_000, clock }), failWhen(down))(answering(bad, ok))).toBe(ok)
  })

  it('has a fallback answer, which can give the refused answer back', async () => {
    const clock = fakeClock()
    const last = fallback({
      links: [(_, error) => (error as AnswerError).value as Answer],
      when: (error) => error instanceof AnswerError,
    })
    const value = wrap(last, retry({ clock, attempts: 2 }), failWhen(down))(() => bad)
    await clock.advance(60_000)

    expect(await value).toBe(bad)
  })

  it('names itself as the cause when a cooperative timeout is over', async () => {
    const clock = fakeClock()
    const work = Promise.withResolvers<Answer>()
    const late = failure(
      wrap(timeout(100, { clock, mode: 'cooperative' }), failWhen(down))(() => work.promise),
    )
    await clock.advance(200)
    work.resolve(bad)

    expect(await late).toMatchObject({ code: 'TIMEOUT', cause: { code: 'ANSWER_REFUSED', value: bad } })
  })

  it('keeps a thousand calls at once apart', async () => {
    const clock = fakeClock()
    const released: unknown[] = []
    const ask = wrap(
      retry({ clock }),
      failWhen((n: number) => n < 0, { release: (n) => released.push(n) }),
    )
    const answers = Array.from({ length: 1_000 }, (_, n) => n)
    const values = answers.map((n) => ask(n % 3 === 0 ? answering(-n - 1, n) : answering(n)))
    await clock.advance(60_000)

    expect(await Promise.all(values)).toEqual(answers)
    expect(released.toSorted()).toEqual(
      answers
        .filter((n) => n % 3 === 0)
        .map((n) => -n - 1)
        .toSorted(),
    )
  })
})

describe('release of failWhen', () => {
  it('is given a refused answer, undefined included, when the next attempt begins and not before (I2)', async () => {
    const clock = fakeClock()
    const released: unknown[] = []
    const release = (value: unknown) => released.push(value)
    const ask = wrap(
      retry({ clock, backoff: [100] }),
      failWhen((value: unknown) => value === undefined, { release }),
    )
    const value = ask(answering<unknown>(undefined, 1))

    await clock.advance(99)
    expect(released).toEqual([])
    await clock.advance(1)
    expect(await value).toBe(1)
    expect(released).toEqual([undefined])
  })

  it('is not given an answer that no attempt follows: the error has it (I2)', async () => {
    const clock = fakeClock()
    const released: unknown[] = []
    const release = (value: unknown) => released.push(value)
    const caller = new AbortController()
    const ask = wrap(retry({ clock, attempts: 2 }), failWhen(down, { release }))
    const left = failure(ask(() => bad, { signal: caller.signal }))
    await clock.advance(0)
    caller.abort('left')
    expect(await left).toBe('left')
    await failure(wrap(failWhen(down, { release }))(() => bad))

    expect(released).toEqual([])
  })

  it('is not given one across a function between it and the retry, which makes each attempt a call of its own', async () => {
    const clock = fakeClock()
    const released: unknown[] = []
    const stage = failWhen(down, { release: (value) => released.push(value) })
    const plain: Decorator = (work) => (call) => work(call)
    const value = wrap(retry({ clock }), plain, stage)(answering(bad, ok))
    await clock.advance(60_000)

    expect(await value).toBe(ok)
    expect(await wrap(hedge({ delay: 1_000, clock }), stage)(answering(bad, ok))).toBe(ok)
    expect(released).toEqual([])
  })

  it('is given an answer that judge broke on or had its own error for', async () => {
    const clock = fakeClock()
    const released: unknown[] = []
    const judge = (value: string) => {
      if (value === 'thrown') throw new Error('bug')
      return value === 'own' ? new Error('own') : false
    }
    const ask = wrap(retry({ clock }), failWhen(judge, { release: (value) => released.push(value) }))
    const value = ask(answering('thrown', 'own', 'fine'))
    await clock.advance(60_000)

    expect(await value).toBe('fine')
    expect(released).toEqual(['thrown', 'own'])
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('cannot')
      },
    ],
    ['rejects', () => Promise.reject(new Error('cannot'))],
    ['never settles', () => new Promise(() => {})],
  ])('harms no call if it %s', async (_, release) => {
    const clock = fakeClock()
    const unhandled: unknown[] = []
    const hear = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', hear)

    const value = wrap(retry({ clock }), failWhen(down, { release }))(answering(bad, ok))
    await clock.advance(60_000)
    await new Promise((go) => setImmediate(go))
    process.off('unhandledRejection', hear)

    expect(await value).toBe(ok)
    expect(unhandled).toEqual([])
  })

  it('lets go of the body of a Response', async () => {
    const clock = fakeClock()
    const cancelled: number[] = []
    const answer = (status: number) =>
      new Response(new ReadableStream({ cancel: () => void cancelled.push(status) }), { status })
    const unavailable = failWhen((response: Response) => response.status >= 500, {
      release: (response) => response.body?.cancel(),
    })
    const value = wrap(retry({ clock }), unavailable)(answering(answer(503), answer(500), answer(200)))
    await clock.advance(60_000)

    expect((await value).status).toBe(200)
    expect(cancelled).toEqual([503, 500])
  })

  it('is given each refused answer that another attempt came after, once, in order, and nothing else (I1, I2, I3)', async () => {
    const outcomes = fc.array(
      fc.constantFrom('passes', 'refused', 'own error', 'judge throws', 'work fails'),
      {
        minLength: 1,
        maxLength: 6,
      },
    )
    const prop = fc.asyncProperty(outcomes, async (story) => {
      const clock = fakeClock()
      const released: unknown[] = []
      const given: Answer[] = story.map((_, status) => ({ status }))
      const judge = ({ status }: Answer) => {
        const is = story[status]
        if (is === 'judge throws') throw new Error(is)
        return is === 'own error' ? new Error(is) : is === 'refused'
      }
      const ask = wrap(
        retry({ clock, attempts: story.length, backoff: () => 1 }),
        failWhen(judge, { release: (value) => released.push(value) }),
      )
      const work = answering(
        ...given.map((each, n) => (story[n] === 'work fails' ? new Error('down') : each)),
      )
      const outcome = ask.attempt(work)
      await clock.advance(100)

      const passed = story.indexOf('passes')
      const last = passed === -1 ? story.length - 1 : passed
      expect(released).toEqual(given.slice(0, last).filter((_, n) => story[n] !== 'work fails'))
      expect((await outcome).ok).toBe(passed !== -1)
    })
    await fc.assert(prop, { seed: 1, numRuns: 200 })
  })
})
