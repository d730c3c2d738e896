// How fast, how light and how quiet is a supervisor, beside a bare Node parent and beside PM2? See README.md.
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
const usual = Object.keys(parts).filter((name) => !parts[name]!.alone)
const wanted = positionals.length === 0 ? usual : positionals
const rows = Object.fromEntries(wanted.map((name) => [name, measured(name)]))
const targets = promises(rows)
console.log(`${table(rows, targets)}\n`)
const result = { name: 'governor', rows, targets }
const title = positionals.length === 0 ? 'governor' : `governor-${wanted.join('-')}`
if (options.save) save(title, { machine: options.machine, plan: { quick: options.quick } }, result)
console.log(JSON.stringify(result))

/** In a process of its own. */
function measured(name: string): Row[] {
  if (!(name in parts))
    throw new Error(`There is no part '${name}': there is ${Object.keys(parts).join(', ')}.`)
  console.error(`governor: ${name} …`)
  const pace = options.quick ? 'quick' : 'whole'
  const args = [...process.execArgv, join(import.meta.dirname, 'part.ts'), name, pace]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().split('\n').at(-1)!)
}
