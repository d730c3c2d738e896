import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Life } from '../life/life.ts'
import { unborn } from '../life/lifecycle.ts'
import { service } from '../service.ts'
import { crewMoves } from './crew-moves.ts'

const web = service({ name: 'web', command: ['web'] })
const seat = (id: string, replica: number | undefined, but: Partial<Life> = {}): Life => ({
  ...unborn(web, 0, { id, replica }),
  state: { is: 'waiting', since: 0 },
  ...but,
})
const ready = { state: { is: 'ready', since: 0 } } as const
const fallen = {
  state: { is: 'stopping', since: 0, next: 'backing-off' },
  cause: { reason: 'exit', why: 'killed by SIGKILL' },
  run: { pid: 7, at: 0 },
  lastExit: { code: null, signal: 'SIGKILL', at: 0 },
} as const
const one = { replicas: 1, spare: 0, surge: 1, stale: new Set<string>() }
const still = { add: [], retire: [], letIn: [], stuck: undefined }
const moves = (but: Partial<typeof one>, lives: readonly Life[], retiring = 0) =>
  crewMoves({ ...one, ...but }, { lives, retiring })

describe('crewMoves', () => {
  it('adds what is missing, and ends what is too many, newest first (R1)', () => {
    const three = [1, 2, 3].map((replica) => seat(`web#${replica}`, replica, ready))

    expect(moves({ replicas: 3 }, three.slice(0, 1)).add).toEqual([2, 3])
    expect(moves({ replicas: 1 }, three).retire).toEqual(['web#3', 'web#2'])
    expect(moves({ replicas: 3 }, three)).toEqual(still)
  })

  it('starts the new one beside the old one, and ends the old one when the new one is ready (R2)', () => {
    const stale = new Set(['old'])
    const old = seat('old', 1, ready)

    expect(moves({ stale }, [old])).toEqual({ ...still, add: [1] })
    expect(moves({ stale }, [old, seat('new', 1)])).toEqual(still)
    expect(moves({ stale }, [old, seat('new', 1, ready)])).toEqual({ ...still, retire: ['old'] })
  })

  it('replaces no more at a time than it may (R3)', () => {
    const lives = [1, 2, 3].map((replica) => seat(`old ${replica}`, replica, ready))
    const stale = new Set(lives.map(({ id }) => id))

    expect(moves({ replicas: 3, stale }, lives).add).toEqual([1])
    expect(moves({ replicas: 3, stale, surge: 2 }, lives).add).toEqual([1, 2])
    expect(moves({ replicas: 3, stale }, lives.slice(1).concat(seat('new', 1, ready)), 1).add).toEqual([])
  })

  it('gives up when the new one fails, and keeps the old one (R4)', () => {
    const stale = new Set(['old'])
    const failed = seat('new', 1, { restarts: 1, lastError: 'exited with code 1 before it was ready' })

    expect(moves({ stale }, [seat('old', 1, ready), failed])).toEqual({
      ...still,
      retire: ['new'],
      stuck: 'exited with code 1 before it was ready',
    })
  })

  it('starts a spare once all are ready, and replaces it when all others are replaced (R5)', () => {
    const spare = seat('spare', undefined, { state: { is: 'spare', since: 0 } })

    expect(moves({ spare: 1 }, [seat('web', 1)])).toEqual(still)
    expect(moves({ spare: 1 }, [seat('web', 1, ready)])).toEqual({ ...still, add: [undefined] })
    const stale = new Set(['old', 'spare'])
    expect(moves({ spare: 1, stale }, [seat('old', 1, ready), spare]).retire).toEqual([])
    expect(moves({ spare: 1, stale }, [seat('new', 1, ready), spare]).retire).toEqual(['spare'])
    expect(moves({}, [seat('web', 1, ready), spare]).retire).toEqual(['spare'])
  })

  it('lets a spare in for one that ended by itself, unless it falls again and again (R6)', () => {
    const spare = seat('spare', undefined, { state: { is: 'spare', since: 0 } })
    const first = seat('web', 1, fallen)
    const again = seat('web', 1, { ...fallen, attempt: 1 })
    const told = seat('web', 1, { ...fallen, cause: { reason: 'unhealthy', why: 'no answer' } })

    expect(moves({ spare: 1 }, [first, spare]).letIn).toEqual([{ fallen: first, spare }])
    expect(moves({ spare: 1 }, [again, spare]).letIn).toEqual([])
    expect(moves({ spare: 1 }, [told, spare]).letIn).toEqual([])
  })

  it('holds R1 to R4 through whatever happens, and comes to rest', () => {
    const happening = fc.oneof(
      { weight: 4, arbitrary: fc.record({ is: fc.constant('ready' as const), nth: fc.nat(9) }) },
      { weight: 2, arbitrary: fc.record({ is: fc.constant('fails' as const), nth: fc.nat(9) }) },
      { weight: 3, arbitrary: fc.record({ is: fc.constant('ended' as const), nth: fc.nat(9) }) },
      { weight: 2, arbitrary: fc.record({ is: fc.constant('roll' as const), nth: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ is: fc.constant('scale' as const), nth: fc.nat(3) }) },
    )
    fc.assert(
      fc.property(
        fc.array(happening, { maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        (happenings, surge) => {
          const world = settled(surge)
          for (const { is, nth } of happenings) {
            happen(world, is, nth)
            settle(world)
          }
          for (let round = 0; round < 12; round++) {
            for (let nth = 0; nth < 10; nth++) happen(world, 'ready', nth)
            happen(world, 'ended', 0)
            settle(world)
          }
          expect(world.lives.map(({ replica }) => replica).toSorted()).toEqual(
            Array.from({ length: world.replicas }, (_, index) => index + 1),
          )
          expect([...world.stale]).toEqual([])
        },
      ),
      { seed: 6, numRuns: 200 },
    )
  })
})

interface World {
  readonly surge: number
  replicas: number
  lives: Life[]
  retiring: Life[]
  stale: Set<string>
  born: number
}

const settled = (surge: number): World => {
  const world: World = { surge, replicas: 2, lives: [], retiring: [], stale: new Set(), born: 0 }
  settle(world)
  return world
}

const happen = (world: World, is: 'ready' | 'fails' | 'ended' | 'roll' | 'scale', nth: number): void => {
  const { lives } = world
  if (is === 'scale') world.replicas = nth + 1
  else if (is === 'roll') world.stale = new Set(lives.map(({ id }) => id))
  else if (is === 'ended') world.retiring.splice(nth, 1)
  else if (lives[nth]?.state.is === 'waiting')
    lives[nth] = is === 'ready' ? { ...lives[nth], ...ready } : { ...lives[nth], restarts: 1 }
}

/** Does what is to be done until nothing is. */
const settle = (world: World): void => {
  for (let round = 0; ; round++) {
    assert(round < 20, 'it comes to rest')
    const { replicas, surge, stale, lives, retiring } = world
    const was = new Set(lives.filter(({ state }) => state.is === 'ready').map(({ replica }) => replica))
    const { add, retire, stuck } = crewMoves(
      { replicas, surge, spare: 0, stale },
      { lives, retiring: retiring.length },
    )
    if (stuck !== undefined) world.stale = new Set()
    world.retiring.push(...lives.filter(({ id }) => retire.includes(id)))
    world.lives = lives.filter(({ id }) => !retire.includes(id))
    for (const replica of add) world.lives.push(seat(`life ${++world.born}`, replica))
    for (const id of world.stale) if (!world.lives.some((life) => life.id === id)) world.stale.delete(id)

    const is = new Set(world.lives.filter(({ state }) => state.is === 'ready').map(({ replica }) => replica))
    for (const replica of was) assert(replica! > replicas || is.has(replica), 'R2')
    const beside = world.lives.filter(({ id, replica }) => world.stale.has(id) && twins(world, replica) > 1)
    assert(beside.length <= surge, 'R3')
    if (add.length + retire.length === 0 && stuck === undefined) return
  }
}

const twins = ({ lives }: World, replica: number | undefined): number =>
  lives.filter((life) => life.replica === replica).length
