import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { cpuShares } from './cpu-shares.ts'

/** Shares of groups whose CPU seconds are set by hand. */
const shared = () => {
  const clock = fakeClock()
  const cpu = new Map<number, number>()
  const usage = async (groups: readonly number[]) =>
    new Map(
      groups.filter((group) => cpu.has(group)).map((group) => [group, { memory: 1, cpu: cpu.get(group)! }]),
    )
  return { clock, cpu, shares: cpuShares(usage, clock) }
}

describe('cpuShares', () => {
  it('is what was used since the last look, of one core', async () => {
    const { clock, cpu, shares } = shared()
    cpu.set(7, 10).set(8, 1)
    expect(await shares([7, 8])).toEqual(new Map())
    await clock.advance(2_000)
    cpu.set(7, 11).set(8, 5)

    expect(await shares([7, 8])).toEqual(
      new Map([
        [7, 0.5],
        [8, 2],
      ]),
    )
  })

  it('counts nothing from before a group was asked for (I1)', async () => {
    const { clock, cpu, shares } = shared()
    cpu.set(7, 1).set(8, 1)
    await shares([7, 8])
    await clock.advance(1_000)
    cpu.set(7, 2).set(8, 2)
    await shares([7])
    await clock.advance(1_000)

    expect(await shares([7, 8])).toEqual(new Map([[7, 0]]))
  })

  it('knows no share of a group that lost a member (I2)', async () => {
    const { clock, cpu, shares } = shared()
    cpu.set(7, 5)
    await shares([7])
    await clock.advance(1_000)
    cpu.set(7, 1)
    expect(await shares([7])).toEqual(new Map())
    await clock.advance(1_000)
    cpu.set(7, 1.5)

    expect(await shares([7])).toEqual(new Map([[7, 0.5]]))
  })

  it('knows nothing when the system does not tell', async () => {
    const shares = cpuShares(() => Promise.reject(new Error('no ps')), fakeClock())

    expect(await shares([7])).toEqual(new Map())
  })
})
