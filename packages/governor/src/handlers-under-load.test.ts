import { get } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { holdListener } from './held-listener.ts'
import { mark } from './process/process-mark.ts'
import { childCommand } from './testing/child-command.ts'
import { kept, spec, stopKept } from './testing/kept-governor.ts'

afterEach(stopKept)

/** Calls an address again and again until it is told to stop, on a connection of its own each time. */
const caller = (url: string) => {
  const answers = new Map<string, number>()
  let over = false
  const call = () =>
    new Promise<string>((resolve) => {
      get(url, { agent: false }, (response) => {
        let said = ''
        response.on('data', (data) => {
          said += data
        })
        response.on('end', () => resolve(`${response.statusCode} ${said}`))
      }).on('error', (error: NodeJS.ErrnoException) => resolve(`failed: ${error.code}`))
    })
  const calling = (async () => {
    while (!over) {
      const answer = await call()
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
    }
  })()
  return async () => {
    over = true
    await calling
    return answers
  }
}

it('handlers are added, removed and replaced while another one is called, and no call fails', async () => {
  const held = await holdListener({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${held.port}/pid`
  const { g, of, events } = kept([
    spec('called', {
      command: childCommand({ serve: 'inherited' }),
      ready: { line: 'listening' },
      listen: [held],
    }),
  ])
  await g.start()
  const { pid } = of('called')
  const callers = Array.from({ length: 4 }, () => caller(url))
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
  const answers = await Promise.all(callers.map((end) => end()))

  expect(new Set(answers.flatMap((each) => [...each.keys()]))).toEqual(new Set([`200 ${pid}`]))
  expect(of('called')).toMatchObject({ pid, restarts: 0 })
  expect(g.status()).toHaveLength(1)
  const pids = events.flatMap((event) => (event.type === 'service.started' ? [event.pid] : []))
  expect(pids.length).toBeGreaterThan(10)
  expect(pids.filter((each) => mark(each))).toEqual([pid])
  await g.stop()
  held.close()
})
