// A governor's own process: so many restarts, then so much output, and what it weighs before and after, as one line of JSON. Needs --expose-gc.
import { setTimeout as wait } from 'node:timers/promises'
import {
  claimState,
  type Governor,
  type GovernorEvent,
  leanProcess,
  processGovernor,
  type ServiceSpec,
} from '@holdfast/governor'

// As `holdfast up` does.
leanProcess()
const [folder = '', restarts = '0', megabytes = '0'] = process.argv.slice(2)
using state = await claimState(folder)

/** Ends at once, and is ready until then. */
const brief: ServiceSpec = { name: 'brief', command: ['/bin/true'], stableAfter: 0 }
/** So many MB in lines of 100 characters. */
const talker = (mb: number): ServiceSpec => ({
  name: 'talker',
  command: ['/bin/sh', '-c', `yes ${'x'.repeat(99)} | head -c ${mb}000000`],
  restart: 'never',
})

async function restarted(count: number): Promise<void> {
  await using g = processGovernor({ services: [brief], state })
  const over = seen(g, 'service.exited', count)
  await g.start()
  await over
}

let heard = 0
async function said(mb: number): Promise<void> {
  await using g = processGovernor({
    services: [talker(mb)],
    state,
    log: ({ line }) => {
      heard += line.length + 1
    },
  })
  const over = seen(g, 'service.done', 1)
  await g.start()
  await over
}

function seen(g: Governor, type: GovernorEvent['type'], count: number): Promise<void> {
  let left = count
  return new Promise((resolve) => {
    g.on((event) => {
      if (event.type === type && --left === 0) resolve()
    })
  })
}

/** MiB after collection. */
async function weight(): Promise<{ readonly rss: number; readonly heap: number }> {
  for (let round = 0; round < 5; round++) {
    globalThis.gc!()
    await wait(100)
  }
  const { rss, heapUsed } = process.memoryUsage()
  return { rss: rss / 2 ** 20, heap: heapUsed / 2 ** 20 }
}

async function grown(act: () => Promise<void>) {
  const before = await weight()
  const began = performance.now()
  await act()
  const seconds = (performance.now() - began) / 1_000
  const after = await weight()
  return { rss: after.rss - before.rss, heap: after.heap - before.heap, seconds }
}

// Code is compiled, buffers and pools are made.
await restarted(Math.min(2_000, Number(restarts)))
const lives = await grown(() => restarted(Number(restarts)))
await said(Math.min(100, Number(megabytes)))
heard = 0
const output = await grown(() => said(Number(megabytes)))
console.log(JSON.stringify({ lives, output: { ...output, bytes: heard } }))
