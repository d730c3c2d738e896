// What one instance weighs, and what many cost while nothing happens. A process of its own for each subject, started by bench.ts:
//
//   node --expose-gc heap.ts SUBJECT COUNT
import { setTimeout as wait } from 'node:timers/promises'
import { subjects } from './subjects.ts'
import { collectGarbage } from './timing.ts'

const [name = '', given = ''] = process.argv.slice(2)
const make = subjects[name]
if (make === undefined) throw new Error(`there is no subject called "${name}"`)
const count = Number(given)

/** The compiled code and the shapes of objects exist once, however many instances there are. */
const first = await make()
for (let warm = 0; warm < 100; warm++) await make()

const instances = new Array<unknown>(count).fill(undefined)
const before = await weight()
for (let index = 0; index < count; index++) instances[index] = await make()
const bytes = ((await weight()) - before) / count

await wait(1_000)
const cpu = process.cpuUsage()
const since = performance.now()
await wait(2_000)
const spent = process.cpuUsage(cpu)
const idle = (spent.user + spent.system) / 10 / (performance.now() - since)

console.log(JSON.stringify({ bytes, idle, kept: instances.length + Number(first !== undefined) }))
process.exit(0)

/** Bytes on the heap, and those of typed arrays beside it. */
async function weight(): Promise<number> {
  for (let turn = 0; turn < 4; turn++) {
    collectGarbage()
    await wait(20)
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
