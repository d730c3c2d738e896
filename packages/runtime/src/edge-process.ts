import { flushCompileCache } from 'node:module'
import { connectControl } from '@holdfast/governor'
import { announce } from '@holdfast/policy/context'
import type { Config } from './config/schema.ts'
import { type Edge, edge } from './edge.ts'
import { controlVariable, type EdgeEvent, edgeReady, stateVariable } from './edge-contract.ts'

/** The edge as a process: it takes its sockets and its configuration from the governor, and goes when the governor does. */
const path = process.env[controlVariable]
if (path === undefined || process.env['LISTEN_FDS'] !== '2') {
  console.error('This is the edge of `holdfast up`, which starts it; alone it has nothing to serve.')
  process.exit(1)
}

/** It takes requests before it is known to be ready, and owes those an answer, too. */
let starting: Promise<Edge> | undefined
let running: Edge | undefined
let leaving = false
function leave(): void {
  if (leaving) return
  leaving = true
  Promise.resolve(starting)
    .then((begun) => begun?.close())
    .finally(() => process.exit(0))
}

/** The services, where they have changed since the configuration was asked for. */
let services: readonly string[] | undefined
function hear(event: unknown): void {
  const told = event as EdgeEvent
  if (told.type === 'log-level.changed') void running?.refreshLog()
  if (told.type !== 'services.changed') return
  services = told.services
  running?.govern(services)
}

function begun(): Edge {
  if (running) return running
  throw Object.assign(new Error('this process of the edge is just starting'), { code: 'NOT_NOW' })
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, leave)
const governor = await connectControl(path, {
  onClose: leave,
  onEvent: hear,
  calls: {
    status: () => begun().calls.status(),
    families: (asked) => begun().calls.families(asked),
    traces: (asked) => begun().calls.traces(asked),
  },
})
await governor.call('listen')
const config = (await governor.call('configuration')) as Config
starting = edge({
  config,
  governor,
  environment: process.env,
  state: process.env[stateVariable],
  sockets: { gateway: 3, control: 4 },
})
running = await starting
if (services) running.govern(services)
void running.refreshLog()
announce()
// A process that ends by itself writes down what was compiled; one that is killed does not, and the next would begin anew.
flushCompileCache()
console.log(edgeReady)
