import { AsyncLocalStorage } from 'node:async_hooks'
import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, it } from 'vitest'
import { events, type PolicyEvent } from '../events.ts'
import { forget, reset, status } from '../named/registry.ts'
import type { CallOptions } from '../pipeline/work.ts'
import { type Decorator, type Policy, wrap } from '../pipeline/wrap.ts'
import { retry } from '../retry/retry.ts'
import { type FakeClock, fakeClock, policyContract } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { type BulkheadOptions, bulkhead } from './bulkhead.ts'

policyContract('bulkhead', (clock) => bulkhead({ limit: 10, queue: 40, maxWait: 1_000, clock }), {
  describe,
  it,
  expect,
})
policyContract('bulkhead by key', () => bulkhead({ limit: 1, queue: 49, perKey: true }), {
  describe,
  it,
  expect,
})

const stop: (() => void)[] = []
afterEach(() => {
  for (const each of stop.splice(0)) each()
  forget('db')
})

function heard(): PolicyEvent[] {
  const all: PolicyEvent[] = []
  stop.push(events.on((event) => all.push(event)))
  return all
}

/** Calls whose work the test settles; `log` tells in which order they began and ended. */
function stagehand(clock: FakeClock, ...policies: Policy[]) {
  const ask = wrap(...policies)
  const log: string[] = []
  const works = new Map<string, PromiseWithResolvers<string>>()
  return {
    log,
    async call(name: string, options?: CallOptions) {
      const answer = ask(() => {
        log.push(`${name} in`)
        const work = Promise.withResolvers<string>()
        works.set(name, work)
        return work.promise
      }, options)
      answer.then(
        (value) => log.push(`${name} ${value}`),
        (error) => log.push(`${name} ${error?.code ?? error}`),
      )
      await clock.advance(0)
      return answer
    },
    start(name: string, options?: CallOptions) {
      const begun = this.call(name, options)
      begun.catch(() => {})
      return clock.advance(0)
    },
    async end(name: string) {
      works.get(name)!.resolve('done')
      await clock.advance(0)
    },
    async fail(name: string) {
      works.get(name)!.reject('broke')
      await clock.advance(0)
    },
  }
}

const full = { full: 0, waited: 0, outranked: 0 }

describe('bulkhead', () => {
  it('lets in as many as its limit, and turns the rest away without calling the work', async () => {
    const clock = fakeClock()
    const own = bulkhead(2)
    const { log, start, end } = bind(clock, own)
    for (const name of ['a', 'b', 'c']) await start(name)

    expect(log).toEqual(['a in', 'b in', 'c BULKHEAD_FULL'])
    expect(own.status()).toEqual({
      name: 'bulkhead',
      limit: 2,
      inFlight: 2,
      waiting: 0,
      rejected: { ...full, full: 1 },
    })
    await end('a')
    await start('d')
    expect(log.slice(3)).toEqual(['a done', 'd in'])
  })

  it('says how full it was', async () => {
    const clock = fakeClock()
    const ask = wrap(bulkhead('db', { limit: 1, queue: 1 }))
    ask(() => new Promise(() => {}))
    ask(() => new Promise(() => {}))
    const error = await ask(() => 'never').catch((reason) => reason)

    expect(error).toMatchObject({
      name: 'BulkheadFullError',
      code: 'BULKHEAD_FULL',
      message: "bulkhead 'db' is full (1 inside of 1, 1 waiting)",
      reason: 'full',
      bulkhead: 'db',
      limit: 1,
      inFlight: 1,
      waiting: 1,
      retryAfter: undefined,
    })
    expect(error.hint).toMatch(/queue/)
    expect(clock.pending).toBe(0)
  })

  it('gives the place back after a failure, a throw, and an undefined value', async () => {
    const own = bulkhead(1)
    const ask = wrap(own)

    expect(await ask(() => undefined)).toBe(undefined)
    await expect(ask(() => Promise.reject(undefined))).rejects.toBe(undefined)
    await expect(
      ask(() => {
        throw new Error('at once')
      }),
    ).rejects.toThrow('at once')
    expect(own.status()).toMatchObject({ inFlight: 0, rejected: full })
  })

  it('lets those who wait in by priority, then in the order they came', async () => {
    const clock = fakeClock()
    const { log, start, end } = bind(clock, bulkhead({ limit: 1, queue: 4 }))
    await start('a')
    await start('b')
    await start('low', { priority: -1 })
    await start('c', { priority: Number.NaN })
    await start('high', { priority: 2 })
    for (const name of ['a', 'high', 'b', 'c', 'low']) await end(name)

    expect(log.filter((entry) => entry.endsWith('in'))).toEqual(
      ['a', 'high', 'b', 'c', 'low'].map((name) => `${name} in`),
    )
  })

  it('gives a place that comes free to who waits, not to a newcomer', async () => {
    const ask = wrap(bulkhead({ limit: 1, queue: 1 }))
    const order: string[] = []
    const enter = (name: string) => ask(() => void order.push(name))
    const first = Promise.withResolvers<void>()
    const a = ask(() => first.promise)
    const b = enter('b')
    first.resolve()
    const c = a.then(() => enter('c'))

    await Promise.all([b, c])
    expect(order).toEqual(['b', 'c'])
  })

  it('gives the last place of a full queue to a call of higher priority, never to an equal', async () => {
    const clock = fakeClock()
    const facts = heard()
    const own = bulkhead({ limit: 1, queue: 2 })
    const { log, start, end } = bind(clock, own)
    await start('a')
    await start('low', { priority: -1 })
    await start('b')
    await start('c')
    await start('lower', { priority: -2 })
    for (const name of ['a', 'b', 'c']) await end(name).catch(() => {})

    expect(log).toEqual([
      'a in',
      'low BULKHEAD_FULL',
      'lower BULKHEAD_FULL',
      'a done',
      'b in',
      'b done',
      'c in',
      'c done',
    ])
    expect(own.status().rejected).toEqual({ full: 1, waited: 0, outranked: 1 })
    expect(facts).toEqual([
      { ...fact, reason: 'outranked', limit: 1, inFlight: 1, waiting: 2 },
      { ...fact, reason: 'full', limit: 1, inFlight: 1, waiting: 2 },
    ])
  })

  it('turns away who has waited too long, and says so', async () => {
    const clock = fakeClock()
    const own = bulkhead({ limit: 1, queue: 2, maxWait: 200, clock })
    const ask = wrap(own)
    const first = Promise.withResolvers<string>()
    ask(() => first.promise)
    const late = ask(() => 'late').catch((error) => error)
    await clock.advance(100)
    const inTime = ask(() => 'in time')
    await clock.advance(99)
    expect(own.status().waiting).toBe(2)
    await clock.advance(1)
    first.resolve('done')

    expect(await late).toMatchObject({
      code: 'BULKHEAD_FULL',
      reason: 'waited',
      message: "bulkhead 'bulkhead': no place came free within 200 ms (1 inside of 1, 2 waiting)",
    })
    expect(await inTime).toBe('in time')
    expect([clock.pending, own.status().rejected.waited]).toEqual([0, 1])
  })

  it('tells of a call turned away in the context of that call', async () => {
    const clock = fakeClock()
    const context = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    stop.push(
      events.on((event) => {
        if (event.type === 'bulkhead.rejected') seen.push([event.reason, context.getStore()])
      }),
    )
    const ask = wrap(bulkhead({ limit: 1, queue: 1, maxWait: 500, clock }))
    const as = (name: string, priority: number) =>
      context.run(name, () => void ask(() => new Promise(() => {}), { priority }).catch(() => {}))
    for (const [name, priority] of [
      ['inside', 0],
      ['low', -1],
      ['mid', 0],
      ['none', 0],
    ] as const)
      as(name, priority)
    await clock.advance(500)

    expect(seen).toEqual([
      ['full', 'none'],
      ['outranked', 'low'],
      ['waited', 'mid'],
    ])
  })

  // cockatiel 4 rejects such a call only when its turn comes: after 1001 ms instead of 20.
  it('lets go of a waiting call at once when its caller leaves, and keeps the place for others', async () => {
    const clock = fakeClock()
    const own = bulkhead({ limit: 1, queue: 1, maxWait: 5_000, clock })
    const { log, start, end } = bind(clock, own)
    const caller = new AbortController()
    await start('a')
    await start('b', { signal: caller.signal })
    caller.abort('left')
    expect(own.status().waiting).toBe(0)
    await clock.advance(0)
    await start('c')
    await end('a')

    expect(log).toEqual(['a in', 'b left', 'a done', 'c in'])
    expect(getEventListeners(caller.signal, 'abort').length).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('lets go of a waiting call when its deadline passes, and of one in a pipeline further in', async () => {
    const clock = fakeClock()
    const own = bulkhead({ limit: 1, queue: 2, clock })
    const inner = wrap(own)
    const decorator: Decorator = (work) => (call) => inner(work, call)
    const { log, start } = bind(clock, timeout(300, { clock }), decorator)
    inner(() => new Promise(() => {}))
    await start('a', { deadline: 100 })
    await start('b')
    await clock.advance(100)
    expect([log, own.status().waiting]).toEqual([['a DEADLINE_PASSED'], 1])
    await clock.advance(200)

    expect([log, own.status().waiting]).toEqual([['a DEADLINE_PASSED', 'b TIMEOUT'], 0])
    expect(clock.pending).toBe(0)
  })

  it('lets go of a waiting call before any timer of the machine', async () => {
    const caller = new AbortController()
    const ask = wrap(bulkhead({ limit: 1, queue: 1 }))
    ask(() => new Promise(() => {}))
    const waiting = ask(() => 'never', { signal: caller.signal }).catch((reason) => reason)
    const timer = new Promise((resolve) => setTimeout(resolve, 0, 'timer'))
    caller.abort('left')

    expect(await Promise.race([timer, waiting])).toBe('left')
  })

  it('gives the place of a call back that left between its turn and its going in', async () => {
    const clock = fakeClock()
    const own = bulkhead({ limit: 1, queue: 2 })
    const { log, start, end } = bind(clock, own)
    const caller = new AbortController()
    await start('a')
    await start('b', { signal: caller.signal })
    await start('c')
    const stage = own as unknown as { leave(): void }
    stage.leave() // b's turn has come, and its promise has not heard of it
    expect(own.status()).toMatchObject({ inFlight: 1, waiting: 1 })
    caller.abort('left')
    expect(own.status()).toMatchObject({ inFlight: 1, waiting: 1 })
    await clock.advance(0)

    expect(log).toEqual(['a in', 'b left', 'c in'])
    expect(own.status()).toMatchObject({ inFlight: 1, waiting: 0 })
    await end('c')
    expect(own.status().inFlight).toBe(0)
  })

  it('does not call work for a call that left at the moment of its turn, when the ended call made it leave', async () => {
    const own = bulkhead({ limit: 1, queue: 1 })
    const ask = wrap(own)
    const caller = new AbortController()
    const work = Promise.withResolvers<string>()
    const first = ask(() => work.promise)
    let called = false
    const second = ask(
      () => {
        called = true
      },
      { signal: caller.signal },
    ).catch((reason) => reason)
    work.resolve('done')
    first.then(() => caller.abort('left'))

    expect(await second).toBe('left')
    expect([called, own.status().inFlight]).toEqual([false, 0])
  })

  it('gives the place back when a timeout inside or outside ends a call whose work never settles', async () => {
    const clock = fakeClock()
    const own = bulkhead({ limit: 2, queue: 0 })
    const hang = () => new Promise<never>(() => {})
    const ended = [wrap(timeout(50, { clock }), own), wrap(own, timeout(50, { clock }))].map((ask) =>
      ask(hang).catch(({ code }) => code),
    )
    expect(own.status().inFlight).toBe(2)
    await clock.advance(50)

    expect(await Promise.all(ended)).toEqual(['TIMEOUT', 'TIMEOUT'])
    expect(own.status().inFlight).toBe(0)
  })

  it('gives the place back when a stage further in throws', async () => {
    const own = bulkhead(1)
    const broken = (where: 'enter' | 'leave') => ({
      name: 'broken',
      enter: () => {
        if (where === 'enter') throw new Error('broken')
        return undefined
      },
      leave: () => {
        throw new Error('broken')
      },
    })

    await expect(wrap(own, broken('enter'))(() => 1)).rejects.toThrow('broken')
    await expect(wrap(own, broken('leave'))(() => 1)).rejects.toThrow('broken')
    expect(own.status().inFlight).toBe(0)
  })

  it('takes a place for each attempt when a retry is outside, and one for all when it is inside', async () => {
    const clock = fakeClock()
    const own = bulkhead(1)
    const backoff = { initial: 100, max: 100, jitter: 'none' } as const
    const inFlight: number[][] = [[], []]
    const asks = [wrap(retry({ clock, backoff }), own), wrap(own, retry({ clock, backoff }))]
    for (const [n, ask] of asks.entries()) {
      const failed = ask(() => Promise.reject('down')).catch(() => {})
      await clock.advance(50)
      inFlight[n]!.push(own.status().inFlight)
      await clock.advance(250)
      await failed
    }

    expect(inFlight).toEqual([[0], [1]])
    expect(own.status().inFlight).toBe(0)
  })

  it('has a thousand at once go through ten places, and none is lost', async () => {
    const clock = fakeClock()
    const own = bulkhead({ limit: 10, queue: 990 })
    let inside = 0
    let most = 0
    const ask = wrap(own)
    const all = Array.from({ length: 1_000 }, (_, n) =>
      ask(async () => {
        most = Math.max(most, ++inside)
        await null
        inside--
        return n
      }),
    )
    expect(own.status()).toMatchObject({ inFlight: 10, waiting: 990 })

    expect(await Promise.all(all)).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
    expect([most, own.status()]).toMatchObject([10, { inFlight: 0, waiting: 0, rejected: full }])
    expect(clock.pending).toBe(0)
  })

  it('has a thousand leave at once', async () => {
    const own = bulkhead({ limit: 1, queue: 1_000 })
    const ask = wrap(own)
    const caller = new AbortController()
    ask(() => new Promise(() => {}))
    const { signal } = caller
    const all = Array.from({ length: 1_000 }, () => ask(() => 1, { signal }).catch((reason) => reason))
    caller.abort('left')

    expect(own.status()).toMatchObject({ inFlight: 1, waiting: 0 })
    expect(new Set(await Promise.all(all))).toEqual(new Set(['left']))
  })

  it('can be made larger and smaller while it works', async () => {
    const clock = fakeClock()
    const own = bulkhead({ limit: 3, queue: 10 })
    const { log, start, end } = bind(clock, own)
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await start(name)
    own.resize(1)
    expect(own.status()).toMatchObject({ limit: 1, inFlight: 3, waiting: 3 })
    await end('a')
    await end('b')
    expect(own.status()).toMatchObject({ inFlight: 1, waiting: 3 })
    await end('c')
    expect(log.at(-1)).toBe('d in')
    own.resize(2)
    await clock.advance(0)
    expect(log.at(-1)).toBe('e in')
    own.resize(0)
    await end('d')
    await end('e')
    expect(own.status()).toMatchObject({ limit: 0, inFlight: 0, waiting: 1 })
    own.reset()
    await clock.advance(0)

    expect(log.at(-1)).toBe('f in')
    expect(own.status()).toMatchObject({ limit: 3, inFlight: 1 })
    expect(() => own.resize(-1)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  it('is the same everywhere under one name, and a conflict with other options', () => {
    const own = bulkhead('db', { limit: 5 })
    own.resize(2)

    expect(bulkhead('db')).toBe(own)
    expect(bulkhead('db', { limit: 5, queue: 0 })).toBe(own)
    expect(() => bulkhead('db', { limit: 6 })).toThrow(
      /\{ limit: 5 \} and was asked for again with \{ limit: 6 \}/,
    )
    expect(status('bulkhead')).toMatchObject([{ name: 'db', limit: 2 }])
    expect([reset('db'), own.status().limit]).toEqual([true, 5])
  })

  it('takes the clock of its pipeline if it has none', async () => {
    const clock = fakeClock()
    const ask = wrap(timeout(1_000, { clock }), bulkhead({ limit: 1, queue: 1, maxWait: 100 }))
    ask(() => new Promise(() => {})).catch(() => {})
    const late = ask(() => 1).catch(({ code }) => code)
    await clock.advance(100)

    expect(await late).toBe('BULKHEAD_FULL')
  })

  it('tells how one key stands, and keeps nothing for it', async () => {
    const own = bulkhead({ limit: 1, queue: 1, perKey: true })
    const ask = wrap(own)
    const { promise, resolve } = Promise.withResolvers<void>()
    const calls = [1, 2, 3].map(() => ask.attempt(() => promise, { key: 'a' }))

    expect(own.status('a')).toMatchObject({ limit: 1, inFlight: 1, waiting: 1, rejected: { full: 1 } })
    expect(own.status('b')).toMatchObject({ limit: 1, inFlight: 0, waiting: 0 })
    expect(own.status()).toMatchObject({ inFlight: 1, waiting: 1, keys: 1 })
    resolve()
    await Promise.all(calls)
    expect(own.status('a')).toMatchObject({ inFlight: 0, waiting: 0 })
  })

  it('says that nobody has made one of that name', () => {
    expect(() => bulkhead('nope')).toThrow(expect.objectContaining({ code: 'NAME_UNKNOWN' }))
  })

  it.each<[BulkheadOptions | number | string]>([
    [{} as BulkheadOptions],
    [{ limit: 1, maxWait: 5 }],
    [0],
    [1.5],
    [{ limit: 1, queue: -1 }],
    [{ limit: 1, queue: Infinity }],
    [{ limit: 1, maxWait: 0 }],
    [{ limit: 1, maxKeys: 0 }],
    [{ limit: 1, size: 2 } as BulkheadOptions],
  ])('refuses %o', (options) => {
    expect(() => bulkhead(options as BulkheadOptions)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })

  it('takes at most 100 B while it is idle', () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const made: object[] = new Array(20_000).fill(bulkhead({ limit: 3 }))
    gc()
    const before = process.memoryUsage().heapUsed
    for (let n = 0; n < made.length; n++) made[n] = bulkhead({ limit: 3 })
    gc()

    expect((process.memoryUsage().heapUsed - before) / made.length).toBeLessThan(100)
  })
})

describe('bulkhead with perKey', () => {
  it('has a limit and a queue for each key', async () => {
    const clock = fakeClock()
    const facts = heard()
    const own = bulkhead('db', { limit: 1, queue: 1, perKey: true })
    const { log, start, end } = bind(clock, own)
    for (const name of ['a1', 'a2', 'a3', 'b1', 'none']) {
      await start(name, name === 'none' ? undefined : { key: name[0] })
    }
    expect(own.status()).toEqual({
      name: 'db',
      limit: 1,
      inFlight: 3,
      waiting: 1,
      rejected: { ...full, full: 1 },
      keys: 3,
    })
    for (const name of ['a1', 'b1', 'none', 'a2']) await end(name)

    expect(log.slice(0, 4)).toEqual(['a1 in', 'a3 BULKHEAD_FULL', 'b1 in', 'none in'])
    expect(facts).toEqual([
      { ...fact, policy: 'db', key: 'a', reason: 'full', limit: 1, inFlight: 1, waiting: 1 },
    ])
    expect(own.status()).toMatchObject({ inFlight: 0, waiting: 0, keys: 0, rejected: { full: 1 } })
    own.reset()
    expect(own.status().rejected).toEqual(full)
  })

  it('turns a key too many away, and says so', async () => {
    const clock = fakeClock()
    const own = bulkhead('db', { limit: 1, perKey: true, maxKeys: 2 })
    const ask = wrap(own)
    const works = ['a', 'b'].map((key) => {
      const work = Promise.withResolvers<void>()
      ask(() => work.promise, { key })
      return work
    })
    const error = await ask(() => 1, { key: 'c' }).catch((reason) => reason)
    works[0]!.resolve()
    await clock.advance(0)

    expect(error.message).toBe("bulkhead 'db', key 'c': 2 keys are in use, and there may be no more")
    expect(await ask(() => 1, { key: 'c' })).toBe(1)
  })

  it('keeps no key of a call that left, also with nobody inside', async () => {
    const clock = fakeClock()
    const own = bulkhead({ limit: 1, queue: 1, perKey: true })
    const { log, start, end } = bind(clock, own)
    const caller = new AbortController()
    own.resize(0)
    await start('low', { key: 'k', priority: -1 })
    await start('a', { key: 'k' })
    await start('b', { key: 'k' })
    await start('c', { key: 'l', signal: caller.signal })
    expect(own.status()).toMatchObject({ waiting: 2, keys: 2, limit: 0 })
    caller.abort('left')
    expect(own.status()).toMatchObject({ waiting: 1, keys: 1 })
    own.reset()
    expect(own.status()).toMatchObject({ limit: 1, inFlight: 1, rejected: full })
    await clock.advance(0)
    await end('a')

    expect(log).toEqual(['low BULKHEAD_FULL', 'b BULKHEAD_FULL', 'a in', 'c left', 'a done'])
    expect(own.status()).toMatchObject({ inFlight: 0, keys: 0 })
    expect(() => own.resize(0.5)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  it('keeps no key of a call that was refused with nobody inside', async () => {
    const own = bulkhead({ limit: 1, perKey: true })
    own.resize(0)
    await expect(wrap(own)(() => 1, { key: 'k' })).rejects.toMatchObject({ code: 'BULKHEAD_FULL', key: 'k' })

    expect(own.status()).toMatchObject({ keys: 0, rejected: { full: 1 } })
  })
})

const fact = { type: 'bulkhead.rejected', policy: 'bulkhead', key: undefined }

function bind(clock: FakeClock, ...policies: Policy[]) {
  const hand = stagehand(clock, ...policies)
  return { log: hand.log, start: hand.start.bind(hand), end: hand.end, fail: hand.fail }
}
