import { connectControl } from '@holdfast/governor'
import type { Config } from './config/schema.ts'
import { edge } from './edge.ts'
import { controlVariable, edgeReady } from './edge-contract.ts'

/** The edge as a process: it takes its sockets and its configuration from the governor, and goes when the governor does. */
const path = process.env[controlVariable]
if (path === undefined || process.env['LISTEN_FDS'] !== '2') {
  console.error('This is the edge of `holdfast up`, which starts it; alone it has nothing to serve.')
  process.exit(1)
}

const governor = await connectControl(path, { onClose: () => leave() })
const config = (await governor.call('configuration')) as Config
const running = await edge({ config, governor, sockets: { gateway: 3, control: 4 } })
console.log(edgeReady)

let leaving = false
function leave(): void {
  if (leaving) return
  leaving = true
  running.close().finally(() => process.exit(0))
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, leave)
