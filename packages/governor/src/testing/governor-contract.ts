import type { ServiceLine } from '../child.ts'
import type { Governor } from '../governor.ts'
import type { GovernorEvent } from '../governor-event.ts'
import type { ServiceSpec } from '../service.ts'
import { heard } from './heard.ts'

/** What the contract needs of a test runner; vitest's own functions fit. */
export interface GovernorSuite {
  describe(name: string, body: () => void): void
  it(name: string, body: () => Promise<void>): void
  expect(actual: unknown): { toBe(expected: unknown): void; toEqual(expected: unknown): void }
}

/** What a service of the contract does. It prints `up` when it is ready to be used, and `bye` when it ends as asked. */
export type Behaviour =
  | 'steady'
  /** Prints nothing, and goes on. */
  | 'silent'
  /** Prints `up` and does not end when it is asked to. */
  | 'stubborn'
  /** Ends at once and badly. */
  | 'broken'
  /** Ends at once and well. */
  | 'done'

/** How a service of the contract is kept running: what every governor understands. */
export type Care = Pick<
  ServiceSpec,
  | 'needs'
  | 'restart'
  | 'backoff'
  | 'giveUp'
  | 'alive'
  | 'stopGrace'
  | 'startTimeout'
  | 'stableAfter'
  | 'ready'
>

/** What a governor of one kind brings for the contract. */
export interface GovernorKind<Spec> {
  make(services: readonly Spec[], log: (line: ServiceLine) => unknown): Governor<Spec>
  spec(name: string, does: Behaviour, care: Care): Spec
  /** Ends the run of a ready service from outside, and badly. */
  crash(service: string, pid: number): void
  /** Which of these runs are still there. */
  living(pids: readonly number[]): readonly number[]
}

/** Runs what every governor owes its users as tests, in less than a second or two. */
export function governorContract<Spec>(name: string, kind: GovernorKind<Spec>, suite: GovernorSuite): void {
  const { describe, it, expect } = suite
  const quick = { stopGrace: 4_000, backoff: { initial: 2, max: 20 }, stableAfter: 0 }
  const spec = (service: string, does: Behaviour, care: Care = {}) =>
    kind.spec(service, does, {
      ...quick,
      ...(does === 'done' || care.restart === 'never' ? {} : { ready: { line: 'up' } }),
      ...care,
    })
  const steady = (service: string, care: Care = {}) => spec(service, 'steady', care)

  const governed = (services: readonly Spec[]) => {
    const all = heard((log) => kind.make(services, log))
    const { g, events } = all
    const story = (...types: readonly GovernorEvent['type'][]) =>
      events.flatMap((event) =>
        types.includes(event.type) && 'service' in event ? [`${event.service} ${event.type.slice(8)}`] : [],
      )
    const states = () => g.status().map((each) => `${each.name} ${each.state.is}`)
    const pids = () => events.flatMap((event) => (event.type === 'service.started' ? [event.pid] : []))
    return { ...all, story, states, pids, [Symbol.asyncDispose]: () => g.stop() }
  }
  const codeOf = (asked: Promise<unknown>) =>
    asked.then(
      () => 'fulfilled',
      (error: { readonly code?: string }) => error.code,
    )

  describe(`${name} keeps the contract of a governor: it`, () => {
    it('starts in order of need, stops in reverse, and gives out the last lines before it says so', async () => {
      await using all = governed([
        steady('web', { needs: ['ai'] }),
        steady('ai', { needs: ['kernel'] }),
        steady('kernel'),
      ])

      expect(await all.g.start()).toEqual({ ready: ['web', 'ai', 'kernel'], failed: [] })
      await all.g.stop()

      expect(all.story('service.started', 'service.ready', 'service.exited', 'service.stopped')).toEqual([
        ...['kernel', 'ai', 'web'].flatMap((each) => [`${each} started`, `${each} ready`]),
        ...['web', 'ai', 'kernel'].flatMap((each) => [`${each} exited`, `${each} stopped`]),
      ])
      expect(all.lines.map(({ service, line }) => `${service} ${line}`).slice(-3)).toEqual([
        'web bye',
        'ai bye',
        'kernel bye',
      ])
      expect(all.events.every((event) => event.type !== 'service.exited' || event.code === 0)).toBe(true)
      expect(kind.living(all.pids())).toEqual([])
    })

    it('starts one with all that it needs, stops only one, and restarts one as another run', async () => {
      await using all = governed([steady('web', { needs: ['ai'] }), steady('ai'), steady('other')])

      expect(await all.g.start('web')).toEqual({ ready: ['web', 'ai'], failed: [] })
      expect(all.states()).toEqual(['web ready', 'ai ready', 'other stopped'])
      await all.g.stop('ai')
      expect(all.states()).toEqual(['web ready', 'ai stopped', 'other stopped'])
      const { pid } = all.of('web')
      expect(await all.g.restart('web')).toEqual({ ready: ['web', 'ai'], failed: [] })

      expect(all.of('web').pid === pid).toBe(false)
      expect(all.of('web').restarts).toBe(0)
      expect(all.of('web').reasons).toEqual({ asked: 1 })
    })

    it('brings back what crashes, says why, and leaves what needs it alone', async () => {
      await using all = governed([steady('ai', { needs: ['kernel'] }), steady('kernel')])
      await all.g.start()
      const before = [all.of('ai').pid, all.of('kernel').pid]

      kind.crash('kernel', all.of('kernel').pid!)
      await all.event('service.ready', 3)

      expect([all.of('ai').pid === before[0], all.of('kernel').pid === before[1]]).toEqual([true, false])
      expect(all.of('kernel').restarts).toBe(1)
      expect(all.of('kernel').reasons).toEqual({ exit: 1 })
      expect((await all.event('service.exited')).wanted).toBe(false)
      expect((await all.event('service.restarting')).reason).toBe('exit')
    })

    it('backs off with jitter, gives up after as many restarts as it may, and comes back when asked', async () => {
      const giveUp = { restarts: 2, within: 60_000 }
      await using all = governed([spec('a', 'broken', { giveUp }), steady('b', { needs: ['a'] })])

      const { ready, failed } = await all.g.start()
      await all.event('service.gave-up')

      expect(ready).toEqual([])
      expect(failed.map(({ service }) => service)).toEqual(['a', 'b'])
      expect(failed[1]?.why).toBe('waits for "a", which is not ready')
      const delays = all.events.flatMap((each) => (each.type === 'service.restarting' ? [each] : []))
      expect(delays.map(({ attempt }) => attempt)).toEqual([1, 2])
      expect(delays.every(({ delay, attempt }) => delay >= 0 && delay < 2 ** attempt)).toBe(true)
      expect(all.states()).toEqual(['a failed', 'b waiting'])
      void all.g.start('a')
      await all.event('service.started', 4)
    })

    it('restarts as its policy says: always, on a failure, or never', async () => {
      await using all = governed([
        spec('job', 'done', { restart: 'never' }),
        spec('failed', 'broken', { restart: 'never' }),
        spec('once', 'done', { restart: 'on-failure' }),
        spec('always', 'done', { restart: 'always' }),
      ])

      void all.g.start()
      await all.event('service.done', 2)
      await all.event('service.gave-up')
      await all.event('service.restarting', 2)

      expect(new Set(all.story('service.done', 'service.gave-up'))).toEqual(
        new Set(['job done', 'once done', 'failed gave-up']),
      )
      expect(new Set(all.story('service.restarting'))).toEqual(new Set(['always restarting']))
    })

    it('ends a start that is late, and tries it again', async () => {
      await using all = governed([spec('a', 'silent', { startTimeout: 30, stopGrace: 30 })])

      expect(await all.g.start()).toEqual({
        ready: [],
        failed: [{ service: 'a', why: 'not ready within 30 ms' }],
      })
      await all.event('service.started', 2)
    })

    it('stops what is starting, and the start says so', async () => {
      await using all = governed([spec('a', 'silent', { stopGrace: 30 }), steady('b', { needs: ['a'] })])
      const starting = all.g.start()
      await all.event('service.started')

      await all.g.stop()

      const why = 'stopped before it was ready'
      expect(await starting).toEqual({ ready: [], failed: ['a', 'b'].map((service) => ({ service, why })) })
      expect(all.states()).toEqual(['a stopped', 'b stopped'])
      expect(kind.living(all.pids())).toEqual([])
    })

    it('ends what does not end when it is asked to, once its grace is over', async () => {
      await using all = governed([spec('a', 'stubborn', { stopGrace: 30 })])
      await all.g.start()

      await all.g.stop()

      expect(all.states()).toEqual(['a stopped'])
      expect((await all.event('service.exited')).code).toBe(null)
      expect(kind.living(all.pids())).toEqual([])
    })

    it('shares one promise between stops at once, and lets the last call win', async () => {
      await using all = governed([steady('a'), steady('b', { needs: ['a'] })])
      await all.g.start()

      const [first, second] = [all.g.stop(), all.g.stop()]
      expect(first).toBe(second)
      expect(await all.g.start()).toEqual({ ready: ['a', 'b'], failed: [] })
      void all.g.start()
      void all.g.restart('a')
      await all.g.stop()
      await all.g.stop()

      expect(all.states()).toEqual(['a stopped', 'b stopped'])
      expect(kind.living(all.pids())).toEqual([])
    })

    it('leaves nothing behind after rapid starts and stops of many at once', async () => {
      await using all = governed(['a', 'b', 'c'].map((each) => steady(each)))

      for (let round = 0; round < 2; round++) {
        const asked = ['a', 'b', 'c'].flatMap((each) => [
          all.g.start(each),
          all.g.stop(each),
          all.g.start(each),
        ])
        if (round === 1) await all.g.start()
        await Promise.all([...asked, all.g.stop()])
      }

      expect(all.states()).toEqual(['a stopped', 'b stopped', 'c stopped'])
      expect(kind.living(all.pids())).toEqual([])
      expect(new Set(all.pids()).size).toBe(all.pids().length)
    })

    it('says how services are, and does not wait for one that does not answer', async () => {
      let well: Promise<unknown> = Promise.resolve()
      const alive = { probe: () => well, every: 60_000 }
      await using all = governed([steady('a', { alive }), steady('b')])
      await all.g.start('a')

      expect(await all.g.healthCheck()).toEqual([
        { service: 'a', healthy: true, reason: undefined },
        { service: 'b', healthy: false, reason: 'stopped' },
      ])
      well = Promise.reject(new Error('it hangs'))
      well.catch(() => {})
      expect(await all.g.healthCheck('a')).toEqual([{ service: 'a', healthy: false, reason: 'it hangs' }])
      well = new Promise(() => {})
      expect(await all.g.healthCheck('a')).toEqual([{ service: 'a', healthy: true, reason: undefined }])
      expect(await codeOf(all.g.healthCheck('z'))).toBe('UNKNOWN_SERVICE')
    })

    it('replaces what is not well any more, and says why', async () => {
      let flaw: Error | undefined
      const probe = async () => {
        if (flaw) throw flaw
      }
      await using all = governed([steady('a', { alive: { probe, every: 2, failures: 2 } })])
      await all.g.start()
      const { pid } = all.of('a')

      flaw = new Error('it hangs')
      const told = await all.event('service.restarting')
      flaw = undefined
      await all.event('service.ready', 2)

      expect([told.reason, told.why]).toEqual(['unhealthy', '2 checks in a row failed: it hangs'])
      expect(all.of('a').pid === pid).toBe(false)
    })

    it('tells all services in numbers', async () => {
      await using all = governed([steady('a'), steady('b')])
      await all.g.start('a')

      const [a, b] = await all.g.metrics()

      expect([a?.service, a?.restarts, typeof a?.usage?.memory, typeof a?.usage?.cpu]).toEqual([
        'a',
        {},
        'number',
        'number',
      ])
      expect((a?.usage?.memory ?? 0) > 0 && (a?.uptime ?? 0) > 0).toBe(true)
      expect([b?.service, b?.uptime, b?.usage]).toEqual(['b', 0, undefined])
    })

    it('changes what has changed, and leaves the others alone', async () => {
      await using all = governed([steady('a'), steady('b', { needs: ['a'] }), steady('c'), steady('d')])
      await all.g.start()
      await all.g.stop('d')
      const before = all.of('a').pid

      const result = await all.g.apply([
        steady('e', { needs: ['a'] }),
        steady('c', { stopGrace: 3_999 }),
        steady('d', { stopGrace: 3_999 }),
        steady('a'),
      ])

      expect(result).toEqual({
        ...{ added: ['e'], removed: ['b'], replaced: ['c', 'd'], kept: ['a'] },
        ...{ ready: result.ready, failed: [] },
      })
      expect(all.states()).toEqual(['e ready', 'c ready', 'd stopped', 'a ready'])
      expect(all.of('a').pid).toBe(before)
      expect(await codeOf(all.g.apply([steady('x', { needs: ['nobody'] })]))).toBe('UNKNOWN_NEED')
      expect(all.states().length).toBe(4)
    })

    it('takes handlers on and lets them go while it runs', async () => {
      await using all = governed([steady('a')])
      await all.g.start()
      const { pid } = all.of('a')

      expect(await all.g.addHandler(steady('b', { needs: ['a'] }))).toEqual({ ready: ['b', 'a'], failed: [] })
      expect(await codeOf(all.g.addHandler(steady('b')))).toBe('NAME_TAKEN')
      expect(await codeOf(all.g.removeHandler('a'))).toBe('STILL_NEEDED')
      await all.g.removeHandler('b')

      expect(all.states()).toEqual(['a ready'])
      expect(all.of('a').pid).toBe(pid)
      expect(all.lines.map(({ service, line }) => `${service} ${line}`).at(-1)).toBe('b bye')
      expect(await codeOf(all.g.removeHandler('b'))).toBe('UNKNOWN_SERVICE')
    })

    it('becomes as many as it is told to be, beside those that run', async () => {
      await using all = governed([steady('a')])
      await all.g.start()
      const [first] = all.pids()

      expect(await all.g.scale('a', 3)).toEqual({ ready: ['a'], failed: [] })
      expect(kind.living(all.pids()).length).toBe(3)
      expect(await all.g.scale('a', 1)).toEqual({ ready: ['a'], failed: [] })

      expect(kind.living(all.pids())).toEqual([first])
      expect(await codeOf(all.g.scale('a', 0))).toBe('BAD_SERVICE')
      expect(await codeOf(all.g.scale('b', 2))).toBe('UNKNOWN_SERVICE')
    })

    it('refuses what cannot be', async () => {
      const refused = (services: readonly Spec[]) => {
        try {
          kind.make(services, () => {})
          return 'made'
        } catch (error) {
          return (error as { readonly code?: string }).code
        }
      }

      expect(refused([steady('a'), steady('a')])).toBe('BAD_SERVICE')
      expect(refused([steady('a', { needs: ['b'] })])).toBe('UNKNOWN_NEED')
      expect(refused([steady('a', { needs: ['b'] }), steady('b', { needs: ['a'] })])).toBe('NEED_CYCLE')
      expect(refused([steady('a', { stopGrace: -1 })])).toBe('BAD_SERVICE')
    })

    it('is not broken by who listens', async () => {
      await using all = governed([steady('a')])
      all.g.on(() => {
        throw new Error('no')
      })

      expect((await all.g.start()).ready).toEqual(['a'])
    })

    it('leaves nothing behind at the end of its scope', async () => {
      const pids: number[] = []
      {
        await using g = kind.make([steady('a'), spec('b', 'stubborn', { stopGrace: 10 })], () => {})
        g.on((event) => event.type === 'service.started' && pids.push(event.pid))
        await g.start()
      }

      expect(pids.length).toBe(2)
      expect(kind.living(pids)).toEqual([])
    })
  })
}
