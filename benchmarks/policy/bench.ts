// What does a policy cost a call? See README.md.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { machineName, save } from '../result.ts'
import * as holdfast from './holdfast.ts'
import * as peers from './peers.ts'
import { type Group, promises, type Row, table } from './report.ts'
import { subjects } from './subjects.ts'
import { type Timed, type Timing, time, timeTogether } from './timing.ts'
import { where } from './where.ts'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    where: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    save: { type: 'boolean', default: false },
    machine: { type: 'string', default: machineName() },
  },
})
const plan = options.quick
  ? { calls: 4_000, warmUp: 20, rounds: 7, passes: 5, instances: 10_000 }
  : { calls: 20_000, warmUp: 10, rounds: 21, passes: 20, instances: 100_000 }

setFlagsFromString('--expose-gc')
globalThis.gc = runInNewContext('gc')

if (options.where) {
  console.log(await where(plan))
  process.exit(0)
}

const wanted = (library: string, name: string) => `${library} ${name}`.includes(options.only)
const rows = [...(await sequential()), ...(await together()), ...heap()]
const targets = promises(rows)
console.log(`${table(rows, targets)}\n`)
const result = { name: 'policy', rows, targets }
if (options.save) save('policy', { machine: options.machine, plan }, result)
console.log(JSON.stringify(result))
process.exit(0)

/** One caller that awaits one call after the other; all rows take turns, bare first and last. */
async function sequential(): Promise<Row[]> {
  const work = async () => 1
  const bare = (name: string): Timed => ({ name, library: '-', call: work })
  const measured: [Group, Timed][] = [
    ...inGroup('single', [...holdfast.single, ...(await peers.single())]),
    ...inGroup('composed', [...holdfast.composed, ...peers.composed]),
    ...inGroup('shed', [...(await holdfast.shedding()), ...(await peers.shedding())]),
  ]
  const grouped: [Group, Timed][] = [
    ['bare', bare('bare')],
    ...measured.filter(([, { library, name }]) => wanted(library, name)),
    ['bare', bare('bare, again')],
  ]
  console.error(`policy: ${grouped.length} rows, ${plan.rounds} rounds …`)
  const timings = await time(
    grouped.map(([, row]) => row),
    plan,
  )
  const base = timings[0]!.median
  return grouped.map(([group, { library, name }], index) =>
    timed({ group, library, name, base }, timings[index]!),
  )
}

async function together(): Promise<Row[]> {
  const all = [
    { library: '-', name: 'bare', begin: (work: () => Promise<void>) => work() },
    ...[...holdfast.together(), ...peers.together()].filter(({ library, name }) => wanted(library, name)),
  ]
  const timings = await timeTogether(all, { count: 1_000, passes: plan.passes })
  const base = timings[0]!.median
  return all.map(({ library, name }, index) =>
    timed({ group: 'together', library, name, base }, timings[index]!),
  )
}

/** Each subject in a process of its own. */
function heap(): Row[] {
  return Object.keys(subjects).flatMap((subject): Row[] => {
    const [library = '', ...rest] = subject.split(' ')
    const name = rest.join(' ')
    if (!wanted(library, name)) return []
    const file = join(import.meta.dirname, 'heap.ts')
    const args = [...process.execArgv, '--expose-gc', file, subject, String(plan.instances)]
    console.error(`policy: ${plan.instances} times ${subject} …`)
    const { bytes, idle } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
    return [
      { group: 'heap', library, name, unit: 'B', value: bytes },
      { group: 'idle', library, name, unit: '% of a core', value: idle },
    ]
  })
}

function inGroup(group: Group, timed: readonly Timed[]): [Group, Timed][] {
  return timed.map((row) => [group, row])
}

function timed(
  { base, ...about }: { group: Group; library: string; name: string; base: number },
  { median, min }: Timing,
): Row {
  return { ...about, unit: 'ns', value: median, min, over: median - base, ratio: median / base }
}
