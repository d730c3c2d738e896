import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { Watchdog } from './watchdog.ts'

const watched = () => {
  const clock = fakeClock()
  const late: string[] = []
  const watchdog = new Watchdog(clock, (waitingFor, limit) => late.push(`${waitingFor} ${limit}`))
  return { clock, late, watchdog }
}

describe('Watchdog', () => {
  it('says once what was waited for, and how long', async () => {
    const { clock, late, watchdog } = watched()
    watchdog.expect('the first token', 10)
    await clock.advance(9)
    expect(late).toEqual([])

    await clock.advance(100)
    expect(late).toEqual(['the first token 10'])
    expect(clock.pending).toBe(0)
  })

  it('counts from the last sign of life', async () => {
    const { clock, late, watchdog } = watched()
    watchdog.expect('x', 10)
    await clock.advance(6)
    watchdog.alive()
    await clock.advance(9)
    expect(late).toEqual([])

    await clock.advance(1)
    expect(late).toEqual(['x 10'])
  })

  it('watches for one thing at a time', async () => {
    const { clock, late, watchdog } = watched()
    watchdog.expect('x', 10)
    watchdog.expect('y', 20)
    await clock.advance(100)

    expect(late).toEqual(['y 20'])
  })

  it('leaves no timer when it is stopped, and expects the same when it goes on', async () => {
    const { clock, late, watchdog } = watched()
    watchdog.expect('x', 10)
    watchdog.stop()
    expect(clock.pending).toBe(0)
    await clock.advance(50)

    watchdog.resume()
    await clock.advance(9)
    expect(late).toEqual([])
    await clock.advance(1)
    expect(late).toEqual(['x 10'])
  })
})
