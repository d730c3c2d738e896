import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { systemClock } from '@holdfast/policy'
import { describe, expect, it } from 'vitest'
import { service } from '../service.ts'
import { childCommand } from '../testing/child-command.ts'
import { mark } from './process-mark.ts'
import { traces } from './traces.ts'

const ai = service({ name: 'ai', command: childCommand({ family: true }) })
const other = service({ name: 'other', command: childCommand({ family: true }) })
/** The traces of a governor that may make no control groups. */
const marksAlone = () => {
  const options = { state: undefined, clock: systemClock, announce: () => {}, line: () => {} }
  return traces({ ...options, control: () => undefined })
}
const born = async (left: ReturnType<typeof traces>, spec = ai) => {
  const [program = '', ...args] = spec.command
  const { env } = left.begin(spec, 'command')
  const child = spawn(program, args, {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  left.born(spec, child.pid!)
  const exit = once(child, 'exit')
  const [said] = await once(child.stdout, 'data')
  const pids = [...String(said).matchAll(/\d+/g)].map(Number)
  return { pids, alive: () => pids.filter((pid) => mark(pid)).length, exit }
}

describe('traces', () => {
  it('end what an earlier run left by its mark alone, and spare the present run and other services (I1)', async () => {
    const left = marksAlone()
    const first = await born(left)
    const neighbour = await born(left, other)
    process.kill(first.pids[0]!, 'SIGKILL')
    await first.exit
    left.gone(ai)
    expect(first.alive()).toBe(3)
    const second = await born(left)

    await left.endStrays(ai)

    expect([first.alive(), second.alive(), neighbour.alive()]).toEqual([0, 4, 4])
    for (const spec of [ai, other]) left.gone(spec)
    await Promise.all([left.endStrays(ai), left.endStrays(other)])
    expect([second.alive(), neighbour.alive()]).toEqual([0, 0])
    await left.rest()
  })

  it('ask what left the group to end together with the service, and the group itself not twice', async () => {
    const left = marksAlone()
    const run = await born(left)

    await left.signalStrays(ai, 'SIGTERM')
    await expect.poll(run.alive).toBe(2)

    left.gone(ai)
    await left.endStrays(ai)
    await left.rest()
  })
})
