import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { breaker } from '../breaker/breaker.ts'
import { events, type PolicyEvent } from '../events.ts'
import { forget, status } from '../named/registry.ts'
import type { Call, CallOptions } from '../pipeline/work.ts'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock, policyContract } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { fallback } from './fallback.ts'

policyContract('fallback', () => fallback({ links: [() => 'never'], when: () => false }), {
  describe,
  it,
  expect,
})

const fail = (what: unknown) => () => Promise.reject(what)
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )

describe('fallback with names', () => {
  it('counts for each link, the work included, and knows who answered last', async () => {
    const clock = fakeClock(1_000)
    let pause = 40
    const chain = fallback({
      links: [
        { name: 'deepseek', do: async (_, error) => (error === 'hard' ? fail('busy')() : 'deepseek') },
        {
          name: 'rules',
          do: () => new Promise<string>((resolve) => clock.after(pause, () => resolve('rules'))),
        },
      ],
    })
    const ask = wrap(chain, timeout(1_000, { clock }))
    expect(chain.status()).toMatchObject({ name: 'fallback', lastAnswered: undefined })
    await ask(() => 'work')
    expect(chain.status().lastAnswered).toBe('work')
    expect(await ask(fail('easy'))).toBe('deepseek')
    expect(chain.status().lastAnswered).toBe('deepseek')
    const slow = ask(fail('hard'))
    await clock.advance(40)

    expect(await slow).toBe('rules')
    expect(chain.status()).toEqual({
      name: 'fallback',
      lastAnswered: 'rules',
      links: [
        {
          name: 'work',
          tried: 3,
          answered: 1,
          failed: 2,
          lastError: 'hard',
          lastAnsweredAt: 1_000,
          meanDuration: undefined,
        },
        {
          name: 'deepseek',
          tried: 2,
          answered: 1,
          failed: 1,
          lastError: 'busy',
          lastAnsweredAt: 1_000,
          meanDuration: 0,
        },
        {
          name: 'rules',
          tried: 1,
          answered: 1,
          failed: 0,
          lastError: undefined,
          lastAnsweredAt: 1_040,
          meanDuration: 40,
        },
      ],
    })
    pause = 80
    const slower = ask(fail('hard'))
    await clock.advance(80)
    await slower
    expect(chain.status().links[2]).toMatchObject({ answered: 2, lastAnsweredAt: 1_120, meanDuration: 60 })
  })

  it('tells who answered, to a function with what the caller had brought, and as an event', async () => {
    const told: [string, CallOptions | undefined][] = []
    const heard: PolicyEvent[] = []
    const off = events.on((event) => heard.push(event))
    const chain = fallback({ links: [{ name: 'rules', do: () => 1 }], tell: (...each) => told.push(each) })
    const options = { key: 'k' }
    await wrap(chain)(() => 2, options)
    await wrap(chain)(fail('down'))
    off()

    expect(told).toEqual([
      ['work', options],
      ['rules', undefined],
    ])
    expect(told[0]![1]).toBe(options)
    expect(heard).toEqual([
      { type: 'fallback.taken', policy: 'fallback', from: 'work', to: 'rules', error: 'down' },
      { type: 'fallback.answered', policy: 'fallback', link: 'rules' },
    ])
  })

  it('does not let tell break the call', async () => {
    const tell = () => {
      throw new Error('broken')
    }

    expect(await wrap(fallback({ links: [() => 'link'], tell }))(fail('down'))).toBe('link')
  })

  it('passes over a link that is not for the error', async () => {
    const chain = fallback({
      links: [
        { name: 'busy only', do: () => 'other', when: (error) => error === 'busy' },
        { name: 'any', do: fail('any is down') },
        { name: 'broken only', do: () => 'last', when: (error) => error === 'any is down' },
      ],
    })
    expect(await wrap(chain)(fail('busy'))).toBe('other')
    expect(await wrap(chain)(fail('else'))).toBe('last')

    expect(chain.status().links.map(({ tried }) => tried)).toEqual([2, 1, 1, 1])
  })

  it('passes an error on as it is when no link was for it, and shows all when one was', async () => {
    const none = wrap(fallback({ name: 'none', do: () => 'never', when: () => false }))
    await expect(none(fail('very same'))).rejects.toBe('very same')
    const some = wrap(fallback(fail('second'), { name: 'none', do: () => 'never', when: () => false }))

    await expect(some(fail('first'))).rejects.toMatchObject({
      code: 'FALLBACK_EXHAUSTED',
      errors: ['first', 'second'],
    })
  })

  it('runs a link under the signal and deadline of what is around it, in a pipeline of its own or not', async () => {
    const clock = fakeClock()
    const other = wrap(timeout(500, { clock }))
    const seen: number[] = []
    const hang = ({ deadline }: Call) => {
      seen.push(deadline)
      return new Promise<never>(() => {})
    }
    const chain = fallback({ links: [{ name: 'other', do: (call) => other(hang, call) }] })
    const late = outcome(wrap(timeout(100, { clock }), chain, timeout(10, { clock }))(fail('down')))
    await clock.advance(100)

    expect(await late).toMatchObject({ error: { code: 'TIMEOUT', after: 100 } })
    expect(seen).toEqual([100])
    expect(clock.pending).toBe(0)
  })

  it('counts a link that was interrupted as neither (I2)', async () => {
    const chain = fallback({ links: [{ name: 'slow', do: () => new Promise<never>(() => {}) }] })
    const caller = new AbortController()
    const left = outcome(wrap(chain)(fail('down'), { signal: caller.signal }))
    await new Promise(setImmediate)
    caller.abort('bye')

    expect(await left).toEqual({ error: 'bye' })
    expect(chain.status().links[1]).toMatchObject({ tried: 1, answered: 0, failed: 0 })
    expect(chain.status().lastAnswered).toBe(undefined)
  })

  it('answers for a breaker that refuses, whose work was tried by nobody', async () => {
    const guard = breaker()
    guard.isolate()
    const chain = fallback({ name: 'link', do: () => 'link' })

    expect(await wrap(chain, guard)(() => expect.unreachable())).toBe('link')
    expect(chain.status().links[0]!.lastError).toBe(
      "breaker 'breaker' is isolated and admits nothing until it is reset",
    )
  })

  it('counts a call that began before a reset no more (I3)', async () => {
    const chain = fallback({ name: 'link', do: () => 'link' })
    const [one, two] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
    const calls = [one, two].map(({ promise }) => wrap(chain)(() => promise))
    chain.reset()
    one.resolve('work')
    two.reject('down')

    expect(await Promise.all(calls)).toEqual(['work', 'link'])
    expect(chain.status().links.map(({ tried, answered, failed }) => [tried, answered, failed])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ])
    expect(chain.status().lastAnswered).toBe(undefined)
  })

  it('shows what was thrown even if it cannot be shown', async () => {
    const chain = fallback(fail(Object.create(null)))
    const failed = await wrap(chain)(fail(Symbol('odd'))).catch((error: Error) => error.message)

    expect(failed).toBe(
      'fallback: the work and every link failed: Symbol(odd); an object that cannot be shown',
    )
    expect(chain.status().links[1]!.lastError).toBe('an object that cannot be shown')
  })

  it('tries in order, stops at the first answer, and counts what happened (I1, I3, I4)', async () => {
    const scenario = fc.array(fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(scenario, async (calls) => {
        const asked: string[][] = calls.map(() => [])
        const link = (at: number) => ({
          name: `link ${at}`,
          do: ({ key }: Call) => {
            asked[Number(key)]!.push(`link ${at}`)
            return calls[Number(key)]![at] ? at : Promise.reject(at)
          },
        })
        const chain = fallback(link(1), link(2), link(3))
        const ends = await Promise.all(
          calls.map(([up], n) =>
            outcome(wrap(chain)(async () => (up ? 0 : Promise.reject(0)), { key: String(n) })),
          ),
        )
        for (const [n, up] of calls.entries()) {
          const first = up.indexOf(true)
          expect(asked[n], 'I1').toEqual(['link 1', 'link 2', 'link 3'].slice(0, first === -1 ? 3 : first))
          expect(ends[n], 'I4').toMatchObject(
            first === -1 ? { error: { errors: [0, 1, 2, 3] } } : { value: first },
          )
        }
        for (const [at, { tried, answered, failed }] of chain.status().links.entries()) {
          const reached = calls.filter((up) => !up.slice(0, at).includes(true))
          const ok = reached.filter((up) => up[at]).length
          expect({ tried, answered, failed }, 'I3').toEqual({
            tried: reached.length,
            answered: ok,
            failed: reached.length - ok,
          })
        }
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  it('is the same by name everywhere, and must be made before it is asked for', async () => {
    const rules = () => 'rules'
    const llm = fallback('llm', { links: [rules] })
    expect(await wrap(fallback<string>('llm'))(fail('down'))).toBe('rules')
    expect(status('fallback')).toMatchObject([{ name: 'llm', lastAnswered: 'rules' }])
    expect(fallback('llm', { links: [rules] })).toBe(llm)

    expect(() => fallback('llm', { links: [() => 'others'] })).toThrow(/fallback 'llm' already exists/)
    expect(() => fallback('mll')).toThrow(/there is no fallback 'mll'; there is llm/)
    forget('llm', 'fallback')
  })

  it('refuses what makes no sense', () => {
    const rules = () => 'rules'
    const refused: [() => unknown, RegExp][] = [
      [() => fallback({ links: [] }), /fallback.links must be at least one function/],
      [() => fallback({ links: rules } as never), /fallback.links must be at least one function/],
      [() => fallback({ links: [rules], wen: 1 } as never), /fallback.wen must be left out/],
      [() => fallback('llm', { links: [rules], name: 'other' } as never), /fallback.name must be left out/],
      [() => fallback({ links: [rules], when: true } as never), /fallback.when must be/],
      [() => fallback({ links: [rules], tell: true } as never), /fallback.tell must be a function/],
      [() => fallback({ name: 'x' } as never), /functions only, not undefined|functions only, not an object/],
      [() => fallback({ name: '', do: rules }), /fallback.links: name must be a name, not ''/],
      [() => fallback({ name: 'x', do: rules, wen: 1 } as never), /fallback.links.wen must be left out/],
      [() => fallback({ name: 'x', do: rules, when: 1 } as never), /fallback.links: when must be/],
    ]
    for (const [make, message] of refused) expect(make).toThrow(message)
  })
})
