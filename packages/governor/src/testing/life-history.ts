import assert from 'node:assert/strict'
import { seededRandom } from '@holdfast/policy/testing'
import type { GovernorEvent } from '../governor-event.ts'
import type { Effect, Life, LifeEvent } from '../life.ts'
import { step, unborn } from '../lifecycle.ts'
import { service } from '../service.ts'

// A world for the lifecycle: it does what effects ask, in a random order, and mixes in what people ask for and what
// older generations still report. It throws when an invariant of lifecycle.ts breaks.

const spec = service({ name: 'a', command: ['a'], stableAfter: 400, backoff: { initial: 10, max: 100 } })

/** Lives through `length` random events; the same seed is the same history. */
export const liveThrough = (seed: number, length: number): void => {
  const random = seededRandom(seed)
  const world = newWorld()
  for (let i = 0; i < length; i++) {
    const events = [...asked, ...possible(world), ...stale(world.life, random)]
    happen(world, events[Math.floor(random() * events.length)]!, random)
  }
  // Whatever came before, a stop ends in peace.
  happen(world, { is: 'stop' }, random)
  for (let i = 0; i < 8 && world.life.state.is !== 'stopped'; i++) {
    const [next] = possible(world).filter(({ is }) => is !== 'survived')
    assert(next, `nothing can happen any more, and it is ${world.life.state.is}`)
    happen(world, next, random)
  }
  assert.equal(world.life.state.is, 'stopped')
  assert.deepEqual(possible(world), [], 'something still goes on after the stop')
}

interface World {
  life: Life
  now: number
  /** The spawn that is not answered yet. */
  spawning: number | undefined
  leader: boolean
  group: boolean
  reaping: boolean
  probing: boolean
  timer: (LifeEvent & { is: 'waited' }) | undefined
  stable: boolean
}

const newWorld = (): World => ({
  life: unborn(spec, 0),
  now: 0,
  spawning: undefined,
  leader: false,
  group: false,
  reaping: false,
  probing: false,
  timer: undefined,
  stable: false,
})

const asked: readonly LifeEvent[] = [
  { is: 'start' },
  { is: 'stop' },
  { is: 'restart' },
  { is: 'cleared' },
  { is: 'cleared' },
]

const possible = ({ life: { generation }, ...world }: World): LifeEvent[] => [
  ...(world.spawning !== undefined
    ? [
        { is: 'spawned', generation, pid: generation + 1_000 } as const,
        { is: 'unspawned', generation, why: 'no such program' } as const,
      ]
    : []),
  ...(world.leader ? [{ is: 'exited', generation, code: 1, signal: null } as const] : []),
  ...(world.reaping && !world.leader
    ? [{ is: 'gone', generation } as const, { is: 'survived', generation } as const]
    : []),
  ...(world.probing ? [{ is: 'probed', generation } as const] : []),
  ...(world.timer ? [world.timer] : []),
]

const stale = (life: Life, random: () => number): LifeEvent[] => {
  if (life.generation === 0) return []
  const generation = Math.floor(random() * life.generation)
  return [
    { is: 'spawned', generation, pid: 7 },
    { is: 'unspawned', generation, why: 'late' },
    { is: 'probed', generation },
    { is: 'exited', generation, code: null, signal: 'SIGKILL' },
    { is: 'gone', generation },
    { is: 'waited', generation, timer: 'backoff' },
  ]
}

const happen = (world: World, event: LifeEvent, random: () => number): void => {
  const before = world.life
  world.now += Math.floor(random() * 200)
  if ('generation' in event && event.generation === before.generation) report(world, event)
  const chance = random()
  const { life, effects } = step(before, event, { at: world.now, chance })
  const story = `${before.state.is} ─${event.is}→ ${life.state.is}`

  if (before.state.is === 'stopped' && event.is !== 'start' && event.is !== 'restart')
    assert.equal(life.state.is, 'stopped', `I1: ${story}`)
  if ('generation' in event && event.generation !== before.generation) {
    assert.equal(life, before, `I3: ${story}`)
    assert.deepEqual(effects, [], `I3: ${story}`)
  }
  world.life = life
  for (const effect of effects) perform(world, effect, story, chance)

  const { is } = life.state
  assert.equal(life.run !== undefined, world.group, `I5: ${story}`)
  if (is === 'stopped' || is === 'waiting' || is === 'backing-off') assert(!world.group, `I5: ${story}`)
  if (world.timer) assert(is === 'starting' || is === 'stopping' || is === 'backing-off', `I6: ${story}`)
  if (world.probing) assert.equal(is, 'starting', `I6: ${story}`)
}

/** What must be true in the world for this to be reported. */
const report = (world: World, event: LifeEvent): void => {
  const { state } = world.life
  if (event.is === 'spawned') {
    world.spawning = undefined
    world.leader = true
    world.group = true
  } else if (event.is === 'unspawned') {
    world.spawning = undefined
    world.stable = false
  } else if (event.is === 'exited') {
    world.leader = false
    world.stable = state.is === 'ready' && world.now - state.since >= spec.stableAfter
  } else if (event.is === 'gone') {
    world.group = false
    world.reaping = false
  } else if (event.is === 'survived') world.reaping = false
  else if (event.is === 'probed') world.probing = false
  else if (event.is === 'waited') world.timer = undefined
}

const perform = (world: World, effect: Effect, story: string, chance: number): void => {
  if (effect.do === 'spawn') {
    assert(!world.group && world.spawning === undefined, `I2: ${story}`)
    world.spawning = effect.generation
  } else if (effect.do === 'probe') world.probing = true
  else if (effect.do === 'cancel-probe') world.probing = false
  else if (effect.do === 'wait') {
    world.timer = { is: 'waited', generation: effect.generation, timer: effect.timer }
    if (effect.timer === 'backoff')
      assert(effect.ms > 0 && effect.ms <= spec.backoff.max, `I4: ${effect.ms} ms`)
  } else if (effect.do === 'cancel-wait') world.timer = undefined
  else if (effect.do === 'reap') {
    assert(world.group, `nothing to reap: ${story}`)
    world.reaping = true
  } else if (effect.do === 'announce') heard(world, effect.event, chance)
}

const heard = (world: World, event: GovernorEvent, chance: number): void => {
  if (event.type !== 'service.restarting') return
  assert.equal(
    event.delay === 0,
    world.stable || chance === 0,
    'I4: at once after a stable run, and only then',
  )
  world.stable = false
}
