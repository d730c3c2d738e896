import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { claimState, type GovernorEvent, processGovernor } from '../../packages/governor/src/index.ts'
import { lives } from '../harness/running-holdfast.ts'

it('a hundred services that are stopped at the same moment, some while they start, leave no process and no file', async () => {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  using state = await claimState(path)
  const names = Array.from({ length: 100 }, (_, i) => `s${i}`)
  await using g = processGovernor({
    services: names.map((name) => ({ name, command: ['sleep', '1000'], stopGrace: 1_000 })),
    state,
  })
  const pids: number[] = []
  g.on((event: GovernorEvent) => event.type === 'service.started' && pids.push(event.pid))
  await g.start()
  expect(new Set(readdirSync(path))).toEqual(
    new Set([...names.map((name) => `${name}.pid`), 'governor.1.lock']),
  )

  const restarts = names.slice(50).map((name) => g.restart(name))
  await Promise.all([...names.map((name) => g.stop(name)), g.stop()])
  await Promise.all(restarts)

  expect(pids.length).toBeGreaterThanOrEqual(100)
  expect(new Set(pids).size).toBe(pids.length)
  expect(pids.filter(lives)).toEqual([])
  expect(readdirSync(path)).toEqual(['governor.1.lock'])
})

it('a change that has to wait for its turn starts nothing after a stop that came later', async () => {
  const stubborn = {
    name: 'slow',
    command: ['sh', '-c', `trap '' TERM; echo up; exec sleep 1000`],
    stopGrace: 50,
  }
  await using g = processGovernor({ services: [{ ...stubborn, ready: { line: 'up' } }] })
  await g.start()

  const changes = [g.apply([]), g.apply([{ name: 'next', command: ['sleep', '1000'] }])]
  await g.stop()
  await Promise.all(changes)

  expect(g.status().map(({ name, state }) => `${name} ${state.is}`)).toEqual(['next stopped'])
})
