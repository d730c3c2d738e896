import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { processGovernor } from '../../packages/governor/src/index.ts'
import { lives } from '../harness/running-holdfast.ts'

it('what left the process group of a service that crashed does not stay behind', async () => {
  const leaving = `const { spawn } = require('node:child_process')
    const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
    console.log('escaped ' + child.pid)
    process.exit(1)`
  const escaped: number[] = []
  const heard = Promise.withResolvers<void>()
  await using g = processGovernor({
    services: [{ name: 'a', command: ['node', '-e', leaving], backoff: { initial: 60_000, max: 60_000 } }],
    log: ({ line }) => {
      const pid = /^escaped (\d+)/.exec(line)?.[1]
      if (pid) escaped.push(Number(pid))
      heard.resolve()
    },
  })
  await g.start()
  await heard.promise
  await g.stop()

  expect(escaped).toHaveLength(1)
  expect(escaped.filter(lives)).toEqual([])
})

it('a program of somebody else is not taken for what was left behind', async () => {
  const stranger = spawn('sleep', ['1000'], { stdio: 'ignore' })
  const exit = once(stranger, 'exit')
  await using g = processGovernor({ services: [{ name: 'a', command: ['sleep', '1000'] }] })
  await g.start()
  await g.stop()

  expect(lives(stranger.pid!)).toBe(true)
  stranger.kill('SIGKILL')
  await exit
})
