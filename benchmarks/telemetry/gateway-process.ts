// The gateway in a process of its own, with as much telemetry as it is told to have; it says on PORT + 1 what it holds in memory.
//
//   node gateway-process.ts PORT UPSTREAM [TELLING]
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gateway } from '@holdfast/gateway'
import type { Everything, Telling } from './everything.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as (how: object) => void
/** What is free is given back as well, as far as it can be. */
const thorough = { type: 'major', execution: 'sync', flavor: 'last-resort' }

const [port, url = '', telling] = process.argv.slice(2)
// Where nothing is told, nothing of it is loaded.
const all: Everything | undefined =
  telling === undefined
    ? undefined
    : (await import('./everything.ts')).everything(JSON.parse(telling) as Telling)

const door = gateway({
  upstreams: {
    fake: {
      dialect: 'openai',
      url,
      policy: {
        retry: { attempts: 3, backoff: { initial: 200, max: 2_000 } },
        breaker: { failures: 5, openFor: 10_000 },
        timeout: { connect: 1_000, firstToken: 5_000, idle: 5_000, total: 30_000 },
      },
    },
  },
  chains: { default: ['fake'] },
  on: all?.tell,
})
createServer({ noDelay: true, keepAliveTimeout: 60_000 }, door.handle).listen(Number(port), '127.0.0.1')
createServer(async ({ url: path }, response) => {
  if (path === '/metrics' && all) {
    response.end(await all.page(door.families()))
    return
  }
  for (let pass = 0; pass < 3; pass++) {
    collectGarbage(thorough)
    await wait(100) // what is free is given back by other threads
  }
  const { rss, heapUsed } = process.memoryUsage()
  response.end(JSON.stringify({ rss, heap: heapUsed }))
}).listen(Number(port) + 1, '127.0.0.1')
