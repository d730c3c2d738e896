import assert from 'node:assert/strict'
import { seededRandom } from '@holdfast/policy/testing'
import type { GovernorEvent } from '../governor-event.ts'
import type { Effect, Life, LifeEvent, Role } from '../life/life.ts'
import { step, unborn } from '../life/lifecycle.ts'
import { isJob, type Service, type ServiceSpec, service } from '../service.ts'

// A world for the lifecycle: it does what effects ask, in a random order, and mixes in what people ask for and what
// older generations still report. It throws when an invariant of lifecycle.ts breaks.

const plain = { name: 'a', command: ['a'], stableAfter: 400, backoff: { initial: 10, max: 100 } }
const alive = { probe: { command: ['a'] }, failures: 2 }
const giveUp = { restarts: 1, within: 5_000 }
/** Kinds of services whose lives differ. */
const kinds: readonly Service[] = (
  [
    {},
    { before: ['b'], after: ['c'], giveUp },
    { restart: 'on-failure', alive, maxMemory: 1_000, restartAt: { every: 150, jitter: 50 } },
    { restart: 'never', after: ['c'] },
    { restart: 'on-failure', ready: { exit: true }, startTimeout: 900, before: ['b'], giveUp },
    { group: { name: 'g', strategy: 'one-for-all' }, alive, giveUp },
    { ready: { line: 'up' }, before: ['b'], giveUp },
  ] satisfies Partial<ServiceSpec>[]
).map((but) => service({ ...plain, ...but }))

/** Lives through `length` random events; the same seed is the same history. */
export const liveThrough = (seed: number, length: number): void => {
  const random = seededRandom(seed)
  const kind = kinds[seed % kinds.length]!
  // Every other history of what may have one begins as a spare.
  const spare = !isJob(kind) && !kind.group && Math.floor(seed / kinds.length) % 2 === 1
  const world = newWorld(unborn(kind, 0, { id: 'a', replica: spare ? undefined : 1 }))
  for (let i = 0; i < length; i++) {
    const events = [...asked, ...possible(world), ...stale(world.life, random)]
    happen(world, events[Math.floor(random() * events.length)]!, random)
  }
  // Whatever came before, a stop ends in peace.
  happen(world, { is: 'stop' }, random)
  for (let i = 0; i < 12 && world.life.state.is !== 'stopped'; i++) {
    const [next] = possible(world).filter(({ is }) => is !== 'survived')
    assert(next, `nothing can happen any more, and it is ${world.life.state.is}`)
    happen(world, next, random)
  }
  assert.equal(world.life.state.is, 'stopped')
  assert.deepEqual(possible(world), [], 'something still goes on after the stop')
}

const past = {
  attempt: 0,
  ceiling: 10,
  failures: [],
  restarts: 0,
  reasons: {},
  cause: { reason: 'exit', why: 'killed by SIGKILL' },
} as const

interface World {
  life: Life
  now: number
  /** The spawn that is not answered yet. */
  spawning: number | undefined
  role: Role
  leader: boolean
  group: boolean
  reaping: boolean
  probing: boolean
  watching: boolean
  timer: (LifeEvent & { is: 'waited' }) | undefined
  stable: boolean
  /** When it failed and was restarted for that, since somebody asked for something; and the failure not answered yet. */
  fell: number[]
  failedAt: number | undefined
  prepared: boolean
  untidied: boolean
}

const newWorld = (life: Life): World => ({
  life,
  now: 0,
  spawning: undefined,
  role: 'command',
  leader: false,
  group: false,
  reaping: false,
  probing: false,
  watching: false,
  timer: undefined,
  stable: false,
  fell: [],
  failedAt: undefined,
  prepared: false,
  untidied: false,
})

const asked: readonly LifeEvent[] = [
  { is: 'start' },
  { is: 'stop' },
  { is: 'restart' },
  { is: 'join', why: 'another fell' },
  { is: 'step-back' },
  { is: 'cleared' },
  { is: 'cleared' },
  { is: 'cleared' },
]

const possible = ({
  life: {
    generation,
    state,
    service: { maxMemory },
  },
  ...world
}: World): LifeEvent[] => [
  ...(state.is === 'spare' ? [{ is: 'let-in', replica: 2, past } as const] : []),
  ...(world.spawning !== undefined
    ? [
        { is: 'spawned', generation, pid: generation + 1_000 } as const,
        { is: 'unspawned', generation, why: 'no such program' } as const,
      ]
    : []),
  ...(world.leader
    ? [
        { is: 'exited', generation, code: 1, signal: null } as const,
        { is: 'exited', generation, code: 0, signal: null } as const,
      ]
    : []),
  ...(world.reaping && !world.leader
    ? [{ is: 'gone', generation } as const, { is: 'survived', generation } as const]
    : []),
  ...(world.probing ? [{ is: 'probed', generation } as const] : []),
  ...(world.watching
    ? [{ is: 'checked', generation, why: 'no answer' } as const, { is: 'checked', generation } as const]
    : []),
  ...(world.leader && maxMemory !== undefined ? [{ is: 'weighed', generation, bytes: 2_000 } as const] : []),
  ...(world.timer ? [world.timer] : []),
]

const stale = (life: Life, random: () => number): LifeEvent[] => {
  if (life.generation === 0) return []
  const generation = Math.floor(random() * life.generation)
  return [
    { is: 'spawned', generation, pid: 7 },
    { is: 'unspawned', generation, why: 'late' },
    { is: 'probed', generation },
    { is: 'checked', generation, why: 'late' },
    { is: 'weighed', generation, bytes: 1e9 },
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
  const { life, effects } = step(before, event, { at: world.now, wall: 1e12 + world.now, chance })
  const story = `${before.state.is} ─${event.is}→ ${life.state.is}`

  const ended = before.state.is === 'stopped' || before.state.is === 'done' || before.state.is === 'failed'
  if (ended && !['start', 'restart', 'stop'].includes(event.is))
    assert.equal(life.state.is, before.state.is, `I1: ${story}`)
  if (before.state.is === 'stopped' && event.is === 'stop')
    assert.equal(life.state.is, 'stopped', `I1: ${story}`)
  if ('generation' in event && event.generation !== before.generation) {
    assert.equal(life, before, `I3: ${story}`)
    assert.deepEqual(effects, [], `I3: ${story}`)
  }
  // Whoever asks for it anew forgives what failed before, and who takes another's place has that one's past.
  if (['start', 'restart', 'let-in', 'step-back'].includes(event.is)) world.fell = []
  if (event.is === 'let-in' || (event.is === 'step-back' && life !== before)) world.stable = true
  world.life = life
  if (life.cause && life.cause !== before.cause) world.failedAt = world.now
  for (const effect of effects) perform(world, effect, { story, chance })
  if (!life.cause) world.failedAt = undefined
  // The failure that let it in was another's.
  if (event.is === 'let-in') world.fell = []

  const { is } = life.state
  if (life.replica === undefined) assert(is !== 'ready' && is !== 'running', `I9: ${story}`)
  assert.equal(life.run !== undefined, world.group, `I5: ${story}`)
  if (resting.has(is)) assert(!world.group, `I5: ${story}`)
  if (world.timer) assert(timed.has(is), `I6: ${story}`)
  if (world.timer && is === 'ready') assert.equal(world.timer.timer, 'schedule', `I6: ${story}`)
  if (world.probing) assert(is === 'starting' || is === 'spare', `I6: ${story}`)
  if (world.watching) assert(is === 'ready' || is === 'running', `I6: ${story}`)
}

const resting = new Set(['stopped', 'waiting', 'backing-off', 'done'])
const timed = new Set(['preparing', 'starting', 'running', 'ready', 'stopping', 'tidying', 'backing-off'])

/** What must be true in the world for this to be reported. */
const report = (world: World, event: LifeEvent): void => {
  const { state, service: each } = world.life
  if (event.is === 'spawned') {
    world.spawning = undefined
    world.leader = true
    world.group = true
    if (world.role === 'command') world.untidied = each.after !== undefined
  } else if (event.is === 'unspawned') {
    world.spawning = undefined
    world.stable = false
  } else if (event.is === 'exited') {
    world.leader = false
    if (world.role === 'before') world.prepared = event.code === 0 && state.is === 'preparing'
    if (world.role === 'command')
      world.stable = state.is === 'ready' && world.now - state.since >= each.stableAfter
  } else if (event.is === 'gone') {
    world.group = false
    world.reaping = false
  } else if (event.is === 'survived') world.reaping = false
  else if (event.is === 'probed') world.probing = false
  else if (event.is === 'waited') world.timer = undefined
}

interface Told {
  readonly story: string
  readonly chance: number
}

const perform = (world: World, effect: Effect, { story, chance }: Told): void => {
  const { service: each, generation } = world.life
  switch (effect.do) {
    case 'spawn':
      assert(!world.group && world.spawning === undefined, `I2: ${story}`)
      assert.equal(effect.generation, generation, `I3: ${story}`)
      assert.equal(effect.replica, world.life.replica, `I9: ${story}`)
      if (effect.role === 'command') {
        assert(!each.before || world.prepared, `I8: ${story}`)
        world.prepared = false
      }
      if (effect.role !== 'after') assert(!world.untidied, `I8: ${story}`)
      else world.untidied = false
      world.spawning = effect.generation
      world.role = effect.role
      return
    case 'probe':
      world.probing = true
      return
    case 'watch':
      world.watching = true
      return
    case 'cancel-probe':
      world.probing = false
      world.watching = false
      return
    case 'wait':
      world.timer = { is: 'waited', generation: effect.generation, timer: effect.timer }
      if (effect.timer === 'backoff')
        assert(effect.ms > 0 && effect.ms <= each.backoff.max, `I4: ${effect.ms} ms`)
      return
    case 'cancel-wait':
      world.timer = undefined
      return
    case 'reap':
      assert(world.group, `nothing to reap: ${story}`)
      world.reaping = true
      return
    case 'announce':
      return heard(world, effect.event, chance)
  }
}

const heard = (world: World, event: GovernorEvent, chance: number): void => {
  assert.equal(world.life.replica === undefined, event.type.startsWith('spare.'), `I9: ${event.type}`)
  if (event.type !== 'service.restarting') return
  if (event.attempt === 0)
    return assert(['asked', 'schedule', 'group'].includes(event.reason), `I4: ${event.reason}`)
  const { giveUp: limit } = world.life.service
  const failedAt = world.failedAt ?? world.now
  world.fell.push(failedAt)
  if (limit) {
    const recent = world.fell.filter((at) => failedAt - at < limit.within)
    assert(recent.length <= limit.restarts, `I7: ${recent.length} restarts`)
  }
  const immediate = world.stable || chance === 0
  // A run that is ended because it ails is judged before it exits.
  if (event.reason === 'exit' || event.reason === 'start')
    assert.equal(event.delay === 0, immediate, 'I4: at once after a stable run, and only then')
  world.stable = false
}
