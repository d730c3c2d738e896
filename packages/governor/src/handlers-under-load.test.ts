import { afterEach, expect, it, onTestFinished } from 'vitest'
import { holdListener } from './held-listener.ts'
import { mark } from './process/process-mark.ts'
import { childCommand } from './testing/child-command.ts'
import { kept, spec, stopKept } from './testing/kept-governor.ts'
import { load } from './testing/load.ts'

afterEach(stopKept)

it('handlers are added, removed and replaced while another one is called, and no call fails', async () => {
  const held = await holdListener({ host: '127.0.0.1', port: 0 })
  const { g, of, events } = kept([
    spec('called', {
      command: childCommand({ serve: 'inherited' }),
      ready: { line: 'listening' },
      listen: [held],
    }),
  ])
  await g.start()
  const { pid } = of('called')
  const calls = load(held.port, false)
  onTestFinished(calls.abandon)
  const other = (name: string, size: number) =>
    spec(name, { command: ['sh', '-c', 'echo up; exec sleep 1000'], env: { SIZE: String(size) } })

  const changing = ['a', 'b', 'c'].map(async (name) => {
    for (let size = 1; size <= 3; size++) {
      expect((await g.addHandler(other(name, size))).ready).toEqual([name])
      if (size % 2 === 0) process.kill(of(name).pid!, 'SIGKILL')
      else await g.restart(name)
      await g.removeHandler(name)
    }
  })
  await Promise.all(changing)
  await calls.end()

  expect(calls.errors).toEqual([])
  expect(new Set(calls.answers)).toEqual(new Set([String(pid)]))
  expect(of('called')).toMatchObject({ pid, restarts: 0 })
  expect(g.status()).toHaveLength(1)
  const pids = events.flatMap((event) => (event.type === 'service.started' ? [event.pid] : []))
  expect(pids.length).toBeGreaterThan(10)
  expect(pids.filter((each) => mark(each))).toEqual([pid])
  await g.stop()
  held.close()
})
