import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { fakeClock } from '../testing/index.ts'
import { systemClock } from './clock.ts'
import { coarseNow, onTick, TICK } from './tick.ts'
import { Timer } from './timer.ts'

class Alarm extends Timer {
  readonly ms: number
  readonly fired = Promise.withResolvers<number>()

  constructor(ms: number) {
    super()
    this.ms = ms
  }

  fire(): void {
    this.fired.resolve(systemClock.now())
  }
}

const set = (ms: number) => {
  const alarm = new Alarm(ms)
  alarm.arm(systemClock)
  return alarm
}

/** Keeps the event loop busy. */
function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

describe('Timer', () => {
  it('is never early, whatever its length (I1)', async () => {
    const late = await Promise.all(
      [1, 20, 127, 128, 129, 140].map(async (ms) => {
        const start = systemClock.now()
        return (await set(ms).fired.promise) - start - ms
      }),
    )

    expect(late.every((ms) => ms >= 0)).toBe(true)
  })

  it('is not early where the event loop was blocked before and after it was armed (I1)', async () => {
    const first = set(150)
    block(60)
    const start = systemClock.now()
    const second = set(150)
    block(60)

    expect((await second.fired.promise) - start).toBeGreaterThanOrEqual(150)
    first.disarm()
  })

  it('keeps what it was told to be due (I3)', async () => {
    const [asked, other] = [set(130), set(130)]
    const due = asked.settle(systemClock)
    expect(asked.settle(systemClock)).toBe(due)

    expect(await asked.fired.promise).toBeGreaterThanOrEqual(due)
    await other.fired.promise
  })

  it('tells a time even when it has been disarmed', () => {
    const alarm = set(1_000)
    alarm.disarm()

    expect(alarm.settle(systemClock)).toBeGreaterThan(systemClock.now() + 900)
  })

  it('does not fire once disarmed: at once, first, middle or last of the list, or after the tick', async () => {
    const alarms = Array.from({ length: 7 }, () => set(140))
    for (const n of [6, 0, 3]) alarms[n]!.disarm()
    for (const n of [6, 0, 3]) alarms[n]!.disarm()
    await new Promise<void>((resolve) => onTick(() => resolve()))
    alarms[1]!.disarm()
    const fired = [2, 4, 5].map((n) => alarms[n]!.fired.promise)
    let wrong = 0
    for (const n of [0, 1, 3, 6]) void alarms[n]!.fired.promise.then(() => wrong++)
    await Promise.all(fired)

    expect(wrong).toBe(0)
  })

  it('lives on any clock', async () => {
    const clock = fakeClock(100)
    const [kept, dropped] = [new Alarm(500), new Alarm(500)]
    for (const alarm of [kept, dropped]) alarm.arm(clock)
    dropped.disarm()
    expect([clock.pending, kept.settle(clock)]).toEqual([1, 600])
    await clock.advance(500)

    expect(await kept.fired.promise).toBeGreaterThan(0)
  })

  it('keeps the process alive until it fires, and no longer than a tick when it is disarmed', async () => {
    const script = `
      import { systemClock } from ${JSON.stringify(new URL('clock.ts', import.meta.url).href)}
      import { Timer } from ${JSON.stringify(new URL('timer.ts', import.meta.url).href)}
      class Say extends Timer { constructor(ms) { super(); this.ms = ms } fire() { console.log(this.ms) } }
      const [kept, dropped] = [new Say(150), new Say(60_000)]
      for (const each of [kept, dropped]) each.arm(systemClock)
      dropped.disarm()`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])

    expect(stdout).toBe('150\n')
  })
})

describe('coarseNow', () => {
  it('is never ahead of the time, goes on after a tick, and never back', async () => {
    const first = coarseNow()
    expect(first).toBeLessThanOrEqual(performance.now())
    expect(coarseNow()).toBe(first)
    const ticked = await new Promise<number>((resolve) => onTick(resolve))
    const next = coarseNow()

    expect(ticked - first).toBeGreaterThan(TICK - 2)
    expect(next).toBeGreaterThanOrEqual(ticked)
    expect(performance.now()).toBeGreaterThanOrEqual(next)
  })
})
