import { type ControlCall, type Governor, processGovernor } from '@holdfast/governor'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Reloaded } from './reloading.ts'
import { serviceCalls } from './service-calls.ts'

const peer = { signal: new AbortController().signal, call: async () => undefined }
const nothing: Reloaded = { added: [], removed: [], replaced: [], kept: [], ready: [], failed: [] }

describe('serviceCalls', () => {
  let governor: Governor
  let calls: Readonly<Record<string, ControlCall>>
  beforeEach(() => {
    const sleeping = (name: string, needs: string[] = []) => ({ name, needs, command: ['sleep', '1000'] })
    governor = processGovernor({
      services: [sleeping('kernel'), sleeping('edge'), sleeping('ai', ['kernel'])],
    })
    calls = serviceCalls({ governor: () => governor, reload: async () => nothing })
  })
  afterEach(() => governor.stop())

  const states = () => governor.status().map(({ name, state }) => `${name} ${state.is}`)
  const call = async (name: string, input?: unknown) => calls[name]!(input, peer)

  it('starts a service with all that it needs, restarts it alone, and stops it for good', async () => {
    expect(await call('start-service', { name: 'ai' })).toEqual({ ready: ['ai', 'kernel'], failed: [] })
    const [kernel, , ai] = governor.status()
    expect(states()).toEqual(['kernel ready', 'edge stopped', 'ai ready'])

    await call('restart-service', { name: 'ai' })
    expect(governor.status().map(({ pid }) => pid)).toEqual([kernel!.pid, undefined, expect.any(Number)])
    expect(governor.status()[2]!.pid).not.toBe(ai!.pid)

    expect(await call('stop-service', { name: 'kernel' })).toEqual({ ready: [], failed: [] })
    expect(states()).toEqual(['kernel stopped', 'edge stopped', 'ai ready'])
  })

  it.each([
    [{ name: 'kernle' }, "there is no service 'kernle'; did you mean 'kernel'?"],
    [
      { name: 'x'.repeat(1_000) },
      expect.stringMatching(/^there is no service 'x{100}'; known are kernel, edge, ai$/),
    ],
    [undefined, expect.stringContaining("no service ''")],
    [{ name: { toString: 1 } }, expect.any(String)],
  ])('refuses %j and says which there are', async (input, message) => {
    for (const name of ['start-service', 'stop-service', 'restart-service'] as const)
      await expect(call(name, input)).rejects.toMatchObject({ code: 'UNKNOWN_SERVICE', message })
    expect(states()).toEqual(['kernel stopped', 'edge stopped', 'ai stopped'])
  })

  it('does not stop the edge alone, but restarts it', async () => {
    await call('restart-service', { name: 'edge' })
    await expect(call('stop-service', { name: 'edge' })).rejects.toMatchObject({ code: 'EDGE_NEEDED' })

    expect(states()).toContain('edge ready')
  })

  it('does nothing before there is a governor, or once it is on its way out', async () => {
    calls = serviceCalls({ governor: () => undefined, reload: async () => nothing })

    for (const name of ['start-service', 'stop-service', 'restart-service', 'reload'] as const)
      await expect(call(name, { name: 'ai' })).rejects.toMatchObject({ code: 'NOT_NOW' })
  })
})
