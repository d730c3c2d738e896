import { describe, expect, it } from 'vitest'
import { type Service, type ServiceSpec, service } from '../service.ts'
import { liveThrough } from '../testing/life-history.ts'
import type { Effect, Life, LifeEvent } from './life.ts'
import { step, unborn } from './lifecycle.ts'

const spec = service({
  name: 'a',
  command: ['a'],
  startTimeout: 500,
  stopGrace: 50,
  stableAfter: 1_000,
  backoff: { initial: 100, max: 300, factor: 2 },
})

/** Lives through events, each with the time at which it happens; the chance is always one half. */
const after = (...events: [at: number, event: LifeEvent][]) => livedBy(spec, ...events)
const livedBy = (each: Service, ...events: [at: number, event: LifeEvent][]) => {
  let life: Life = unborn(each, 0)
  let effects: readonly Effect[] = []
  for (const [at, event] of events) ({ life, effects } = step(life, event, { at, wall: 0, chance: 0.5 }))
  return { life, effects }
}
const generation = 1
const spawned: [number, LifeEvent][] = [
  [0, { is: 'start' }],
  [0, { is: 'cleared' }],
  [0, { is: 'spawned', generation, pid: 7 }],
]
const ready: [number, LifeEvent][] = [...spawned, [10, { is: 'probed', generation }]]
const exit = { is: 'exited', generation, code: 1, signal: null } as const
const gone = { is: 'gone', generation } as const
const restarting = (effects: readonly Effect[]) =>
  effects.flatMap((effect) =>
    effect.do === 'announce' && effect.event.type === 'service.restarting' ? [effect.event] : [],
  )

describe('step', () => {
  it('spawns only when what it needs is there', () => {
    expect(after([0, { is: 'start' }])).toMatchObject({ life: { state: { is: 'waiting' } }, effects: [] })
    expect(after([0, { is: 'start' }], [1, { is: 'cleared' }]).effects).toEqual([
      { do: 'spawn', generation, role: 'command', replica: 1 },
    ])
  })

  it('is ready once the probe says so', () => {
    const { life, effects } = after(...ready)

    expect(life).toMatchObject({ state: { is: 'ready', since: 10 }, run: { pid: 7 } })
    expect(effects).toContainEqual({
      do: 'announce',
      event: { type: 'service.ready', service: 'a', after: 10 },
    })
  })

  it('reaps the group when the leader exits, before anything else', () => {
    const { life, effects } = after(...ready, [20, exit])

    expect(life).toMatchObject({
      state: { is: 'stopping', next: 'backing-off' },
      lastExit: { code: 1, at: 20 },
    })
    expect(effects).toContainEqual({ do: 'reap', generation, pid: 7 })
    expect(effects).not.toContainEqual(expect.objectContaining({ do: 'spawn' }))
  })

  it('restarts at once after a stable run (I4)', () => {
    const { effects } = after(...ready, [1_010, exit], [1_010, gone])

    expect(restarting(effects)).toMatchObject([{ delay: 0, attempt: 1 }])
    expect(effects.at(-1)).toEqual({ do: 'spawn', generation: 2, role: 'command', replica: 1 })
  })

  it('waits longer with each failure, up to the maximum (I4)', () => {
    const delays: number[] = []
    let { life } = after([0, { is: 'start' }], [0, { is: 'cleared' }])
    for (let generation = 1; generation <= 4; generation++) {
      const failed = step(life, { is: 'unspawned', generation, why: 'no' }, { at: 0, wall: 0, chance: 0.5 })
      delays.push(restarting(failed.effects)[0]!.delay)
      life = step(
        failed.life,
        { is: 'waited', generation, timer: 'backoff' },
        { at: 0, wall: 0, chance: 0.5 },
      ).life
    }

    expect(delays).toEqual([50, 100, 150, 150])
  })

  it('begins the backoff anew after the restart of a stable run', () => {
    const { effects } = after(
      ...ready,
      [1_010, exit],
      [1_010, gone],
      [1_010, { is: 'unspawned', generation: 2, why: 'no' }],
    )

    expect(restarting(effects)).toMatchObject([{ delay: 50, attempt: 2 }])
  })

  it('kills a start that is late, and says why', () => {
    const { life, effects } = after(...spawned, [500, { is: 'waited', generation, timer: 'ready' }])

    expect(life).toMatchObject({
      state: { is: 'stopping', next: 'backing-off' },
      lastError: 'not ready within 500 ms',
    })
    expect(effects).toContainEqual({ do: 'reap', generation, pid: 7 })
  })

  it('forgets why it failed when somebody stops it, and says why it ended when nobody did', () => {
    const failed = after(...spawned, [500, { is: 'waited', generation, timer: 'ready' }]).life
    const now = { at: 600, wall: 0, chance: 0.5 }

    expect(step(failed, { is: 'stop' }, now).life.lastError).toBeUndefined()
    expect(step(failed, { is: 'stop', why: '"a" was given up' }, now).life.lastError).toBe('"a" was given up')
  })

  it('asks a group to end, then kills it', () => {
    const asked = after(...ready, [20, { is: 'stop' }])
    const killed = after(...ready, [20, { is: 'stop' }], [70, { is: 'waited', generation, timer: 'grace' }])

    expect(asked.effects).toContainEqual({ do: 'signal', pid: 7, signal: 'SIGTERM' })
    expect(asked.effects).toContainEqual({ do: 'wait', generation, timer: 'grace', ms: 50 })
    expect(killed.effects).toEqual([{ do: 'reap', generation, pid: 7 }])
  })

  it('stays stopped, whatever comes late (I1)', () => {
    const stopped = after(...ready, [20, { is: 'stop' }], [21, exit], [21, gone]).life
    const late: LifeEvent[] = [
      { is: 'cleared' },
      { is: 'probed', generation },
      { is: 'waited', generation, timer: 'backoff' },
      { is: 'spawned', generation, pid: 8 },
      exit,
      gone,
    ]

    expect(stopped.state.is).toBe('stopped')
    for (const event of late)
      expect(step(stopped, event, { at: 30, wall: 0, chance: 0.5 })).toEqual({ life: stopped, effects: [] })
  })

  it('ends a process that was spawned just as the stop came (I2)', () => {
    const { life, effects } = after(
      ...spawned.slice(0, 2),
      [1, { is: 'stop' }],
      [2, { is: 'spawned', generation, pid: 7 }],
    )

    expect(life).toMatchObject({ state: { is: 'stopping' }, run: { pid: 7 } })
    expect(effects).toContainEqual({ do: 'signal', pid: 7, signal: 'SIGTERM' })
  })

  it('never begins a second group while the first one survives (I2)', () => {
    const { life, effects } = after(
      ...ready,
      [20, exit],
      [5_020, { is: 'survived', generation }],
      [5_030, { is: 'start' }],
    )

    expect(life.state).toMatchObject({ is: 'stopping', next: 'waiting' })
    expect(effects).toEqual([{ do: 'reap', generation, pid: 7 }])
  })

  describe('of a service that ends by itself', () => {
    const well = { is: 'exited', generation, code: 0, signal: null } as const
    const endedAs = (but: Partial<ServiceSpec>, exited: LifeEvent) => {
      const each = service({ ...spec, ...but })
      return livedBy(each, ...ready, [20, exited], [20, gone])
    }

    it.each([
      ['always', well, 'backing-off'],
      ['on-failure', well, 'done'],
      ['on-failure', exit, 'backing-off'],
      ['never', exit, 'failed'],
    ] as const)('with restart %s after %j it is %s', (restart, exited, is) => {
      expect(endedAs({ restart, ready: { line: 'up' } }, exited).life.state.is).toBe(is)
    })

    it('takes the codes for well that it was told', () => {
      const but = { restart: 'on-failure', successCodes: [0, 1] } as const
      expect(endedAs(but, exit).life.state.is).toBe('done')
    })

    it('tells the reason of the restart, and counts by it', () => {
      const { life, effects } = endedAs({}, exit)

      expect(restarting(effects)).toMatchObject([{ reason: 'exit', why: 'exited with code 1' }])
      expect(life).toMatchObject({
        restarts: 1,
        reasons: { exit: 1 },
        lastRestart: { reason: 'exit', at: 20 },
      })
    })
  })

  it.each([
    [
      'told to end',
      true,
      {},
      [[20, { is: 'stop' }] as [number, LifeEvent]],
      { ...exit, code: null, signal: 'SIGTERM' },
    ],
    ['done', true, { restart: 'on-failure' }, [], { ...exit, code: 0 }],
    ['killed by somebody', false, {}, [], { ...exit, code: null, signal: 'SIGTERM' }],
    ['a failure', false, {}, [], exit],
  ] as const)('tells of an end that is %s whether it was wanted: %s', (_, wanted, but, events, exited) => {
    const { effects } = livedBy(service({ ...spec, ...but }), ...ready, ...events, [30, exited])

    expect(effects).toContainEqual({
      do: 'announce',
      event: expect.objectContaining({ type: 'service.exited', wanted }),
    })
  })

  it('is a job at work when it shall never be restarted, and leaves one that is done alone', () => {
    const job = service({ name: 'a', command: ['a'], restart: 'never' })
    const working = livedBy(job, ...spawned)
    const done = livedBy(job, ...spawned, [90_000, { ...exit, code: 0 }], [90_000, gone])

    expect(working.life.state.is).toBe('running')
    expect(done.effects).toContainEqual({ do: 'announce', event: { type: 'service.done', service: 'a' } })
    const moment = { at: 90_001, wall: 0, chance: 0 }
    expect(step(done.life, { is: 'start' }, moment).life.state.is).toBe('done')
    expect(step(done.life, { is: 'restart' }, moment).life.state.is).toBe('waiting')
  })

  it('gives up after as many restarts as it may have, and begins anew when it is asked (I7)', () => {
    const each = service({ ...spec, giveUp: { restarts: 2, within: 1_000 }, ready: { line: 'up' } })
    let { life } = livedBy(each, [0, { is: 'start' }], [0, { is: 'cleared' }])
    for (let generation = 1; generation <= 3; generation++) {
      const at = generation * 100
      life = step(life, { is: 'unspawned', generation, why: 'no' }, { at, wall: 0, chance: 0.5 }).life
      if (generation < 3)
        life = step(life, { is: 'waited', generation, timer: 'backoff' }, { at, wall: 0, chance: 0.5 }).life
    }

    expect(life).toMatchObject({
      restarts: 2,
      state: { is: 'failed', why: '2 restarts within 1000 ms did not help: no' },
    })
    expect(step(life, { is: 'start' }, { at: 400, wall: 0, chance: 0.5 }).life).toMatchObject({
      state: { is: 'waiting' },
      failures: [],
    })
  })

  it('does not give up over failures that are long ago', () => {
    const each = service({ ...spec, giveUp: { restarts: 1, within: 100 } })
    let { life } = livedBy(each, [0, { is: 'start' }], [0, { is: 'cleared' }])
    for (let generation = 1; generation <= 5; generation++) {
      const moment = { at: generation * 100, wall: 0, chance: 0.5 }
      life = step(life, { is: 'unspawned', generation, why: 'no' }, moment).life
      life = step(life, { is: 'waited', generation, timer: 'backoff' }, moment).life
    }

    expect(life).toMatchObject({ restarts: 5, state: { is: 'starting' } })
  })

  it('runs what stands before a start, and after a run (I8)', () => {
    const each = service({ ...spec, before: ['b'], after: ['c'] })
    const roles = (...events: [number, LifeEvent][]) =>
      livedBy(each, [0, { is: 'start' }], [0, { is: 'cleared' }], ...events)
    const first: [number, LifeEvent][] = [
      [1, { is: 'spawned', generation: 1, pid: 7 }],
      [2, { is: 'exited', generation: 1, code: 0, signal: null }],
      [3, { is: 'gone', generation: 1 }],
    ]
    const second: [number, LifeEvent][] = [
      [4, { is: 'spawned', generation: 2, pid: 8 }],
      [5, { is: 'exited', generation: 2, code: 1, signal: null }],
      [6, { is: 'gone', generation: 2 }],
    ]

    expect(roles().effects).toEqual([{ do: 'spawn', generation: 1, role: 'before', replica: 1 }])
    expect(roles(...first).effects).toEqual([{ do: 'spawn', generation: 2, role: 'command', replica: 1 }])
    const tidying = roles(...first, ...second)
    expect(tidying.effects).toContainEqual({ do: 'spawn', generation: 3, role: 'after', replica: 1 })
    expect(tidying.life.state).toMatchObject({ is: 'tidying', next: 'backing-off' })
  })

  it('does not start what could not be prepared', () => {
    const each = service({ ...spec, before: ['b'] })
    const { life, effects } = livedBy(each, ...spawned, [5, { ...exit, code: 3 }])

    expect(life).toMatchObject({ state: { is: 'stopping', next: 'backing-off' } })
    expect(life.lastError).toBe('before: exited with code 3')
    expect(effects).toContainEqual({ do: 'reap', generation, pid: 7 })
  })

  describe('of a service that is watched', () => {
    const watched = service({ ...spec, alive: { probe: { command: ['c'] }, failures: 2 }, maxMemory: 100 })
    const ill = { is: 'checked', generation, why: 'no answer' } as const

    it('asks it to end after as many failed checks in a row', () => {
      const once = livedBy(watched, ...ready, [20, ill])
      const between = livedBy(watched, ...ready, [20, ill], [30, { is: 'checked', generation }], [40, ill])
      const twice = livedBy(watched, ...ready, [20, ill], [30, ill])

      expect(once.life).toMatchObject({ state: { is: 'ready' }, ailing: { failures: 1, since: 20 } })
      expect(between.life.state.is).toBe('ready')
      expect(twice.life).toMatchObject({ state: { is: 'stopping' }, cause: { reason: 'unhealthy' } })
      expect(twice.effects).toContainEqual({ do: 'signal', pid: 7, signal: 'SIGTERM' })
    })

    it('asks it to end when it has too much memory twice in a row', () => {
      const weighed = (bytes: number) => ({ is: 'weighed', generation, bytes }) as const
      const fine = livedBy(watched, ...ready, [20, weighed(101)], [30, weighed(100)], [40, weighed(101)])
      const heavy = livedBy(watched, ...ready, [20, weighed(101)], [30, weighed(101)])

      expect(fine.life.state.is).toBe('ready')
      expect(heavy.life).toMatchObject({ state: { is: 'stopping' }, cause: { reason: 'memory' } })
    })
  })

  it('restarts on schedule, and counts that as no failure', () => {
    const each = service({ ...spec, stopSignal: 'SIGINT', restartAt: { every: 1_000, jitter: 100 } })
    const due: [number, LifeEvent] = [1_060, { is: 'waited', generation, timer: 'schedule' }]
    const { life, effects } = livedBy(each, ...ready, due)
    const back = livedBy(each, ...ready, due, [1_061, exit], [1_062, gone])

    expect(livedBy(each, ...ready).effects.at(-1)).toMatchObject({ timer: 'schedule', ms: 1_050 })
    expect(life.state).toMatchObject({ is: 'stopping', next: 'waiting' })
    expect(effects).toContainEqual({ do: 'signal', pid: 7, signal: 'SIGINT' })
    expect(restarting(back.effects)).toMatchObject([{ reason: 'schedule', delay: 0, attempt: 0 }])
    expect(back.life).toMatchObject({ attempt: 0, failures: [] })
  })

  it('holds its invariants through 2 000 random histories', () => {
    for (let seed = 1; seed <= 2_000; seed++)
      expect(() => liveThrough(seed, 60), `seed ${seed}`).not.toThrow()
  })
})
