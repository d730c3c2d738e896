// One subject of the benchmark, measured in this process; the result is one line of JSON.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Effort, type Timed, time } from '../policy/timing.ts'
import type { Row } from './report.ts'
import { scrapes } from './scrape.ts'
import { type Subject, subjects } from './subjects.ts'

setFlagsFromString('--expose-gc')
globalThis.gc = runInNewContext('gc')

const [subject = '', effort = ''] = process.argv.slice(2)
const plan = JSON.parse(effort) as Effort & { readonly scrapes: number }
console.log(JSON.stringify(subject === 'scrape' ? await scraped() : await timed(subject as Subject)))
process.exit(0)

/** All rows of the subject in turn, bare first and last. */
async function timed(group: Subject): Promise<Row[]> {
  const call = async () => 1
  const bare = (name: string): Timed => ({ library: '-', name, call })
  const rows = [bare('bare'), ...subjects[group](), bare('bare, again')]
  const timings = await time(rows, plan)
  const base = timings[0]!.median
  return rows.map(({ library, name }, index) => {
    const { median, min } = timings[index]!
    return { group, library, name, unit: 'ns', value: median, min, over: median - base }
  })
}

async function scraped(): Promise<Row[]> {
  const ways = await scrapes(plan.scrapes)
  return ways.flatMap(({ library, total, longest, worst, bytes }): Row[] => [
    { group: 'scrape', library, name: 'in all', unit: 'ms', value: total },
    { group: 'scrape', library, name: 'longest slice of the loop', unit: 'ms', value: longest },
    { group: 'scrape', library, name: 'longest slice of all scrapes', unit: 'ms', value: worst },
    { group: 'scrape', library, name: 'page', unit: 'B', value: bytes },
  ])
}
