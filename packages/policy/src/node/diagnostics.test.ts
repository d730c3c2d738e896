import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it } from 'vitest'
import { breaker } from '../breaker/breaker.ts'
import { events } from '../events.ts'
import { wrap } from '../pipeline/wrap.ts'
import { policyChannel } from './diagnostics.ts'

describe('policyChannel', () => {
  it('tells every event while somebody subscribes, and is free while nobody does', async () => {
    const told: unknown[] = []
    const hear = (event: unknown) => void told.push(event)
    const gate = breaker()
    expect(events.heard).toBe(false)

    subscribe(policyChannel, hear)
    expect(events.heard).toBe(true)
    gate.isolate()
    await wrap(gate).attempt(() => 1)
    unsubscribe(policyChannel, hear)
    gate.reset()

    expect(events.heard).toBe(false)
    expect(told).toEqual([
      expect.objectContaining({ type: 'breaker.isolated', policy: 'breaker' }),
      expect.objectContaining({ type: 'breaker.rejected', policy: 'breaker' }),
    ])
  })

  it('tells those who listen to events first, and both', () => {
    const told: string[] = []
    const hear = () => void told.push('channel')
    subscribe(policyChannel, hear)
    const stop = events.on(() => void told.push('events'))
    breaker().isolate()
    stop()
    unsubscribe(policyChannel, hear)

    expect(told).toEqual(['events', 'channel'])
  })
})
