// What does telemetry cost a call? See README.md.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machineName, save } from '../result.ts'
import { type GatewayRows, gatewayPromises, gatewayTable } from './gateway-rows.ts'
import { headings, promises, type Row, table, verdicts } from './report.ts'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    machine: { type: 'string', default: machineName() },
  },
})
const plan = options.quick
  ? {
      calls: { calls: 4_000, warmUp: 20, rounds: 7, scrapes: 10 },
      gateway: { warmUp: 2_500, rounds: 2, ms: 500, pairs: 1, requests: 10_000 },
    }
  : {
      calls: { calls: 20_000, warmUp: 10, rounds: 21, scrapes: 40 },
      gateway: { warmUp: 10_000, rounds: 8, ms: 1_000, pairs: 3, requests: 20_000 },
    }

const rows = Object.keys(headings).flatMap((subject) => measured<Row[]>('part.ts', subject, plan.calls))
const gateway = measured<GatewayRows>('gateway-part.ts', 'gateway', plan.gateway)
const targets = [...promises(rows), ...gatewayPromises(gateway)]
console.log(`${table(rows)}\n\n${gatewayTable(gateway)}\n\n${verdicts(targets)}\n`)
const result = { name: 'telemetry', rows, gateway, targets }
if (options.save) save('telemetry', { machine: options.machine, plan }, result)
console.log(JSON.stringify(result))

/** In a process of its own. */
function measured<R>(part: string, subject: string, effort: object): R {
  console.error(`telemetry: ${subject} …`)
  const args = [...process.execArgv, join(import.meta.dirname, part), subject, JSON.stringify(effort)]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}
