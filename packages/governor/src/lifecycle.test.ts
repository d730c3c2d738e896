import { describe, expect, it } from 'vitest'
import type { Effect, Life, LifeEvent } from './life.ts'
import { step, unborn } from './lifecycle.ts'
import { service } from './service.ts'
import { liveThrough } from './testing/life-history.ts'

const spec = service({
  name: 'a',
  command: ['a'],
  startTimeout: 500,
  stopGrace: 50,
  stableAfter: 1_000,
  backoff: { initial: 100, max: 300, factor: 2 },
})

/** Lives through events, each with the time at which it happens; the chance is always one half. */
const after = (...events: [at: number, event: LifeEvent][]) => {
  let life: Life = unborn(spec, 0)
  let effects: readonly Effect[] = []
  for (const [at, event] of events) ({ life, effects } = step(life, event, { at, chance: 0.5 }))
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
    expect(after([0, { is: 'start' }], [1, { is: 'cleared' }]).effects).toEqual([{ do: 'spawn', generation }])
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
    expect(effects.at(-1)).toEqual({ do: 'spawn', generation: 2 })
  })

  it('waits longer with each failure, up to the maximum (I4)', () => {
    const delays: number[] = []
    let { life } = after([0, { is: 'start' }], [0, { is: 'cleared' }])
    for (let generation = 1; generation <= 4; generation++) {
      const failed = step(life, { is: 'unspawned', generation, why: 'no' }, { at: 0, chance: 0.5 })
      delays.push(restarting(failed.effects)[0]!.delay)
      life = step(failed.life, { is: 'waited', generation, timer: 'backoff' }, { at: 0, chance: 0.5 }).life
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
      expect(step(stopped, event, { at: 30, chance: 0.5 })).toEqual({ life: stopped, effects: [] })
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

  it('holds its invariants through 2 000 random histories', () => {
    for (let seed = 1; seed <= 2_000; seed++)
      expect(() => liveThrough(seed, 60), `seed ${seed}`).not.toThrow()
  })
})
