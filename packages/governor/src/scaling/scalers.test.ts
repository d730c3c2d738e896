import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import type { Life, ServiceState } from '../life/life.ts'
import { unborn } from '../life/lifecycle.ts'
import { type Service, service } from '../service.ts'
import { scalers } from './scalers.ts'

const scaled = (cpu = 0.5) =>
  service({ name: 'ai', command: ['x'], autoscale: { max: 4, cpu, every: 1_000 } })
const life = (own: Service, replica: number | undefined, is: ServiceState['is']): Life => ({
  ...unborn(own, 0, { id: `ai#${replica}`, replica }),
  state: { is, since: 0, next: 'stopped', until: 0, why: '' } as ServiceState,
  run: { pid: 100 + (replica ?? 0), at: 0 },
})

/** A service whose lives and wishes are set by hand. */
const standing = (own: Service) => {
  const clock = fakeClock()
  const asked: (readonly number[])[] = []
  const to: number[] = []
  const world = { services: [own], lives: [life(own, 1, 'ready')] }
  let cpu = 0
  const change = scalers({
    clock,
    usage: async (groups) => {
      asked.push(groups)
      cpu += 1
      return new Map(groups.map((group) => [group, { memory: 1, cpu }]))
    },
    announce: () => {},
    services: () => world.services,
    lives: () => world.lives,
    wanted: () => world.lives.length,
    scale: (_, replicas) => to.push(replicas),
  })
  return { clock, asked, to, world, change }
}

describe('scalers', () => {
  it('has a service scaled, once, however often it is called (I1)', async () => {
    const { clock, to, change } = standing(scaled())
    change()
    change()
    expect(clock.pending).toBe(1)

    await clock.advance(2_000)

    expect(to).toEqual([2])
  })

  it('measures those that are ready, and neither a spare nor what is over', async () => {
    const { clock, asked, world, change } = standing(scaled())
    const [own] = world.services
    world.lives = [life(own!, 1, 'ready'), life(own!, undefined, 'spare'), life(own!, 2, 'failed')]
    world.lives.push(life(own!, 3, 'backing-off'), life(own!, 4, 'ready'))
    change()

    await clock.advance(1_000)

    expect(asked).toEqual([[101, 104]])
  })

  it.each<[string, (world: ReturnType<typeof standing>['world']) => void]>([
    ['it shall not run any more', (world) => (world.services = [])],
    ['it is not scaled any more', (world) => (world.services = [service({ name: 'ai', command: ['x'] })])],
    ['it was given up', (world) => (world.lives = [life(world.services[0]!, 1, 'failed')])],
  ])('leaves off when %s (I1)', (_, happens) => {
    const { clock, world, change } = standing(scaled())
    change()

    happens(world)
    change()

    expect(clock.pending).toBe(0)
  })

  it('goes by other rules from when there are others (I1)', async () => {
    const { clock, to, world, change } = standing(scaled(5))
    change()
    await clock.advance(3_000)
    expect(to).toEqual([])

    world.services = [scaled(0.3)]
    change()
    await clock.advance(2_000)

    expect(clock.pending).toBe(1)
    expect(to).toEqual([4])
  })
})
