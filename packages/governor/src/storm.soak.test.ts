import { monitorEventLoopDelay } from 'node:perf_hooks'
import { describe, expect, it } from 'vitest'
import { processGovernor } from './process-governor.ts'

describe('governor', () => {
  it('keeps its loop free and restarts as the policy says while 200 real processes crash', async () => {
    const restarts = 5
    const services = Array.from({ length: 200 }, (_, i) => ({
      name: `s${i}`,
      command: ['/bin/false'],
      backoff: { initial: 2_000, max: 10_000 },
      giveUp: { restarts, within: 600_000 },
    }))
    await using g = processGovernor({ services })
    const lag = monitorEventLoopDelay({ resolution: 5 })
    let gaveUp = 0
    const over = new Promise<void>((resolve) => {
      g.on((event) => {
        if (event.type === 'service.gave-up' && ++gaveUp === services.length) resolve()
      })
    })
    void g.start()
    await new Promise(setImmediate)
    // The storm, not the burst with which it begins: that is one spawn after another.
    lag.enable()
    await over
    lag.disable()

    expect(new Set(g.status().map((each) => each.restarts))).toEqual(new Set([restarts]))
    expect(lag.percentile(99) / 1e6).toBeLessThan(50)
  }, 120_000)
})
