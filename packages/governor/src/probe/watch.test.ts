import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import type { Probe } from './probe.ts'
import { watch } from './watch.ts'

const watching = (probe: Probe) => {
  const clock = fakeClock()
  const results: (string | undefined)[] = []
  const alive = { probe, every: 100, timeout: 20, failures: 3 }
  const eye = watch(alive, { clock, about: { env: process.env }, checked: (flaw) => void results.push(flaw) })
  return { clock, results, eye }
}

describe('watch', () => {
  it('asks every so often, and tells what is wrong', async () => {
    let calls = 0
    const { clock, results } = watching(async () => {
      if (++calls === 2) throw new Error('ill')
    })

    await clock.advance(99)
    expect(calls).toBe(0)
    await clock.advance(201)

    expect(results).toEqual([undefined, 'ill', undefined])
  })

  it('waits for an answer as long as it may take, and aborts it then', async () => {
    const signals: AbortSignal[] = []
    const { clock, results } = watching((signal) => {
      signals.push(signal)
      return new Promise(() => {})
    })

    await clock.advance(240)

    expect(results).toEqual(['no answer within 20 ms', 'no answer within 20 ms'])
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
  })

  it('wants to have heard the line since it last looked', async () => {
    const { clock, results, eye } = watching({ line: /^beat/ })

    eye.heard('beat 1', 'line')
    await clock.advance(100)
    eye.heard('beat 2', 'notify')
    eye.heard('heartbeat', 'line')
    await clock.advance(100)

    expect(results).toEqual([undefined, 'it said nothing for 100 ms'])
  })

  it('leaves no timer, and tells nothing, once it is cancelled', async () => {
    let fail = (_: Error): void => {}
    const { clock, results, eye } = watching(() => new Promise((_, reject) => (fail = reject)))
    await clock.advance(100)

    eye.cancel()
    fail(new Error('late'))
    await clock.advance(1_000)

    expect(results).toEqual([])
    expect(clock.pending).toBe(0)
  })
})
