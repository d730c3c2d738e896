import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { edgeReport } from './edge-report.ts'

const status = { inFlight: 3, chains: [] }

describe('edgeReport', () => {
  it('is nothing before the edge spoke, and nothing once it is gone', () => {
    const report = edgeReport(fakeClock())
    expect(report.latest()).toBeUndefined()

    report.tell(status)
    expect(report.latest()).toBe(status)

    report.forget()
    expect(report.latest()).toBeUndefined()
  })

  it('is believed for 5 s, and again as soon as the edge speaks', async () => {
    const clock = fakeClock()
    const report = edgeReport(clock)
    report.tell(status)

    await clock.advance(5_000)
    expect(report.latest()).toBe(status)
    await clock.advance(1)
    expect(report.latest()).toBeUndefined()

    report.tell(status)
    expect(report.latest()).toBe(status)
  })
})
