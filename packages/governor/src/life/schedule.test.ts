import { describe, expect, it } from 'vitest'
import { nextDue, remaining, scheduleFlaw } from './schedule.ts'

const wall = Date.parse('2026-03-28T12:00:00Z')
const moment = (at = 0, chance = 0) => ({ at, wall: wall + at, chance })

describe('nextDue', () => {
  it('is so many ms later on the clock, with its jitter', () => {
    expect(nextDue({ every: 1_000 }, moment(500))).toEqual({ on: 'clock', at: 1_500 })
    expect(nextDue({ every: 1_000, jitter: 100 }, moment(0, 0.5))).toEqual({ on: 'clock', at: 1_050 })
  })

  it('is the next time of a pattern, in its time zone and across a change of the clocks', () => {
    const vienna = { cron: '0 3 * * *', timezone: 'Europe/Vienna' }

    // On the night of March 29th the clocks go from 2 to 3: 03:00 is 01:00 UTC.
    expect(nextDue(vienna, moment())).toEqual({ on: 'wall', at: Date.parse('2026-03-29T01:00:00Z') })
    expect(nextDue({ ...vienna, jitter: 60_000 }, moment(0, 0.5))).toEqual({
      on: 'wall',
      at: Date.parse('2026-03-29T01:00:30Z'),
    })
  })
})

describe('remaining', () => {
  it('is what is left, and never less than nothing', () => {
    expect(remaining({ on: 'clock', at: 100 }, moment(40))).toBe(60)
    expect(remaining({ on: 'clock', at: 100 }, moment(140))).toBe(0)
  })

  it('looks at the wall once a minute, since its clock may be set', () => {
    expect(remaining({ on: 'wall', at: wall + 86_400_000 }, moment())).toBe(60_000)
    expect(remaining({ on: 'wall', at: wall + 10 }, moment(4))).toBe(6)
  })
})

describe('scheduleFlaw', () => {
  it.each([
    [{ cron: '0 3 * * *' }, undefined],
    [{ cron: '0 3 * * *', timezone: 'Europe/Vienna', jitter: 5 }, undefined],
    [{ every: 1 }, undefined],
    [{ every: 0 }, /every 0/],
    [{ every: 5, jitter: -1 }, /jitter is -1/],
    [{ cron: 'now and then' }, /./],
    [{ cron: '0 3 * * *', timezone: 'Middle/Earth' }, /./],
    [{ cron: '0 0 31 2 *' }, /never/],
  ])('tells what is wrong with %j', (schedule, flaw) => {
    if (flaw) expect(scheduleFlaw(schedule)).toMatch(flaw)
    else expect(scheduleFlaw(schedule)).toBeUndefined()
  })
})
