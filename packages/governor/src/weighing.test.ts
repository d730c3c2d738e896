import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import type { Life } from './life/life.ts'
import { unborn } from './life/lifecycle.ts'
import { service } from './service.ts'
import { weighing } from './weighing.ts'

const running = (name: string, maxMemory?: number): Life => ({
  ...unborn(service({ name, command: ['x'], ...(maxMemory && { maxMemory }) }), 0),
  state: { is: 'ready', since: 0 },
  run: { pid: 7, at: 0 },
  generation: 3,
})

const scale = (lives: Map<string, Life>) => {
  const clock = fakeClock()
  const told: unknown[] = []
  const asked: (readonly number[])[] = []
  const change = weighing({
    clock,
    every: 10,
    lives,
    usage: async (groups) => {
      asked.push(groups)
      return new Map(groups.map((group) => [group, { memory: 5, cpu: 0 }]))
    },
    tell: (name, event) => told.push([name, event]),
  })
  return { clock, told, asked, change }
}

describe('weighing', () => {
  it('looks again and again at those that have a limit', async () => {
    const { clock, told, asked, change } = scale(
      new Map([
        ['a', running('a', 100)],
        ['b', running('b')],
      ]),
    )
    change()
    change()

    await clock.advance(25)

    expect(asked).toEqual([[7], [7]])
    expect(told[0]).toEqual(['a', { is: 'weighed', generation: 3, bytes: 5 }])
  })

  it('arms no timer when there is nothing to look at, or no more (I2)', async () => {
    const lives = new Map([['b', running('b')]])
    const { clock, change } = scale(lives)
    change()
    expect(clock.pending).toBe(0)

    lives.set('a', running('a', 100))
    change()
    expect(clock.pending).toBe(1)
    lives.delete('a')
    change()

    expect(clock.pending).toBe(0)
  })
})
