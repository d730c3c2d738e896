import { describe, expect, it } from 'vitest'
import { pauseOfBoth } from './pause-of-both.ts'

describe('pauseOfBoth', () => {
  it('is none when neither asks, and that of the one who does', () => {
    const pause = pauseOfBoth()
    const asked = Promise.resolve()

    expect([pause(undefined, 7), pause(asked, undefined), pause(7, asked)]).toEqual([undefined, asked, asked])
    expect(pause(asked, undefined)).toBe(asked)
  })

  it('lasts until both are over, and is the same for the same two', async () => {
    const pause = pauseOfBoth()
    const one = Promise.withResolvers<void>()
    const other = Promise.withResolvers<void>()
    let over = false
    const both = pause(one.promise, other.promise)?.then(() => {
      over = true
    })
    expect(pause(one.promise, other.promise)).toBe(pause(one.promise, other.promise))
    expect(pause(one.promise, Promise.resolve())).not.toBe(pause(one.promise, other.promise))

    one.resolve()
    await one.promise
    await null
    expect(over).toBe(false)
    other.resolve()
    await both
    expect(over).toBe(true)
  })
})
