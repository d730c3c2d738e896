// What does telemetry cost a call? See README.md.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machineName, save } from '../result.ts'
import { headings, promises, type Row, table } from './report.ts'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    machine: { type: 'string', default: machineName() },
  },
})
const plan = options.quick
  ? { calls: 4_000, warmUp: 20, rounds: 7, scrapes: 10 }
  : { calls: 20_000, warmUp: 10, rounds: 21, scrapes: 40 }

const rows = Object.keys(headings).flatMap(measured)
const targets = promises(rows)
console.log(`${table(rows, targets)}\n`)
const result = { name: 'telemetry', rows, targets }
if (options.save) save('telemetry', { machine: options.machine, plan }, result)
console.log(JSON.stringify(result))

/** In a process of its own. */
function measured(subject: string): Row[] {
  console.error(`telemetry: ${subject} …`)
  const args = [...process.execArgv, join(import.meta.dirname, 'part.ts'), subject, JSON.stringify(plan)]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}
