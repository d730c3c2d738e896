import { describe, expect, it } from 'vitest'
import { fakeClock } from './fake-clock.ts'
import { fakeRandom, seededRandom } from './fake-random.ts'

describe('fakeClock', () => {
  it('fires timers in the order they fall due, equal ones in the order they were set, each at its time', async () => {
    const clock = fakeClock(100)
    const fired: [string, number][] = []
    const set = (name: string, ms: number) => clock.after(ms, () => fired.push([name, clock.now()]))
    set('c', 30)
    set('a', 10)
    set('b', 10)
    set('late', 31)
    await clock.advance(30)

    expect(fired).toEqual([
      ['a', 110],
      ['b', 110],
      ['c', 130],
    ])
    expect([clock.now(), clock.pending]).toEqual([130, 1])
  })

  it('lets promise jobs run between, and fires what they set on the way', async () => {
    const clock = fakeClock()
    const fired: number[] = []
    const wait = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
    const loop = async () => {
      for (let n = 0; n < 3; n++) {
        await wait(10)
        fired.push(clock.now())
      }
    }
    const done = loop()
    await clock.advance(30)
    await done

    expect(fired).toEqual([10, 20, 30])
  })

  it('does not fire what was cancelled', async () => {
    const clock = fakeClock()
    const cancel = clock.after(1, () => {
      throw new Error('cancelled')
    })
    cancel()
    cancel()
    await clock.advance(5)

    expect(clock.pending).toBe(0)
  })
})

describe('fakeRandom', () => {
  it('cycles through its values', () => {
    const random = fakeRandom(0, 0.5)

    expect([random(), random(), random()]).toEqual([0, 0.5, 0])
    expect(() => fakeRandom(1)).toThrow(/numbers from 0 to below 1/)
  })
})

describe('seededRandom', () => {
  it('repeats itself by seed, stays in range and is spread evenly', () => {
    const take = (seed: number) => Array.from({ length: 1_000 }, seededRandom(seed))

    expect(take(1)).toEqual(take(1))
    expect(take(1)).not.toEqual(take(2))
    expect(take(3).every((value) => value >= 0 && value < 1)).toBe(true)
    expect(take(3).filter((value) => value < 0.5).length).toBeGreaterThan(450)
  })
})
