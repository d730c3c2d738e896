// What does a wire behind a policy cost, beside its bare driver? See README.md.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machineName, save } from '../result.ts'
import { parts } from './parts.ts'
import { promises, type Row, table } from './report.ts'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    machine: { type: 'string', default: machineName() },
  },
})
const wanted = positionals.length === 0 ? Object.keys(parts) : positionals
const rows = Object.fromEntries(wanted.map((wire) => [wire, measured(wire)]))
const targets = promises(rows)
console.log(`${table(rows, targets)}\n`)
const result = { name: 'transport', rows, targets }
if (options.save) save('transport', { machine: options.machine, plan: { quick: options.quick } }, result)
console.log(JSON.stringify(result))

/** In a process of its own. */
function measured(wire: string): Row[] {
  if (!(wire in parts))
    throw new Error(`There is no wire '${wire}': there is ${Object.keys(parts).join(', ')}.`)
  console.error(`transport: ${wire} …`)
  const pace = options.quick ? 'quick' : 'whole'
  const args = [...process.execArgv, join(import.meta.dirname, 'part.ts'), wire, pace]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().split('\n').at(-1)!)
}
