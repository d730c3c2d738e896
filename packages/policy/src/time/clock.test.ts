import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { systemClock } from './clock.ts'

const run = promisify(execFile)

function fired(ms: number, count = 1): Promise<number>[] {
  return Array.from(
    { length: count },
    () => new Promise((resolve) => systemClock.after(ms, () => resolve(systemClock.now()))),
  )
}

describe('systemClock', () => {
  it('is never early, and keeps the order of equal delays', async () => {
    for (const ms of [0, 1, 1.4, 7]) {
      const start = systemClock.now()
      const times = await Promise.all(fired(ms, 20))

      expect(times.every((time) => time - start >= ms)).toBe(true)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
    }
  })

  it('is not early for a delay that began later than one of the same length', async () => {
    const all = fired(20)
    await Promise.all(fired(8))
    const start = systemClock.now()
    all.push(...fired(20))
    const [, second] = await Promise.all(all)

    expect(second! - start).toBeGreaterThanOrEqual(20)
  })

  it('keeps the process alive while a timer is pending, and no longer', async () => {
    const script = `
      import { systemClock } from ${JSON.stringify(new URL('clock.ts', import.meta.url).href)}
      systemClock.after(60_000, () => {})()
      systemClock.after(20, () => {})()
      systemClock.after(20, () => console.log('fired'))`
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script])

    expect(stdout).toBe('fired\n')
  })

  it('does not call what was cancelled, and calls those behind it', async () => {
    const called: string[] = []
    const cancel = systemClock.after(5, () => called.push('cancelled'))
    const [behind] = fired(5)
    cancel()
    cancel()
    await behind

    expect(called).toEqual([])
  })

  it('can be used again and again after it stood empty', async () => {
    for (let n = 0; n < 3; n++) {
      systemClock.after(3, () => {})()
      await Promise.all(fired(3, 2))
    }
    const [again] = fired(3)

    expect(await again).toBeGreaterThan(0)
  })

  it('does not fire at once for delays longer than a timer can hold', async () => {
    const called: unknown[] = []
    const warn = (warning: Error) => called.push(warning)
    process.on('warning', warn)
    const cancels = [2 ** 31, 2 ** 40, Infinity].map((ms) =>
      systemClock.after(ms, () => called.push(`${ms}`)),
    )
    await Promise.all(fired(5))
    for (const cancel of cancels) cancel()
    process.off('warning', warn)

    expect(called).toEqual([])
  })

  it('does not follow the wall clock', () => {
    const real = Date.now
    const before = systemClock.now()
    Date.now = () => real() - 3_600_000
    const after = systemClock.now()
    Date.now = real

    expect(after).toBeGreaterThanOrEqual(before)
  })

  it('calls the others when one of them throws', async () => {
    const errors: unknown[] = []
    const behind = new Promise((resolve) => {
      const hear = (error: unknown) => errors.push(error)
      const listeners = process.listeners('uncaughtException')
      process.removeAllListeners('uncaughtException')
      process.on('uncaughtException', hear)
      systemClock.after(4, () => {
        throw new Error('bad timer')
      })
      systemClock.after(4, () => {
        process.off('uncaughtException', hear)
        for (const listener of listeners) process.on('uncaughtException', listener)
        resolve(errors)
      })
    })

    expect(await behind).toMatchObject([{ message: 'bad timer' }])
  })
})
