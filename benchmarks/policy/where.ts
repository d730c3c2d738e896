import {
  breaker,
  budget,
  bulkhead,
  countWindow,
  type Pipeline,
  retry,
  statistics,
  timeout,
  wrap,
} from '@holdfast/policy'
import { LIMIT, ROOM } from './holdfast.ts'
import { type Effort, type Timed, time } from './timing.ts'

const work = async () => 1
const row = (name: string, call: () => Promise<unknown>): Timed => ({ name, library: 'holdfast', call })
const through = (name: string, ask: Pipeline, of = work): Timed => row(name, () => ask(of))
const counting = () => breaker({ trip: countWindow() })

/** Each line has all stages of the one before it, and one thing more. */
export async function where(effort: Effort): Promise<string> {
  const cooperative = { mode: 'cooperative' } as const
  const reading = wrap(retry({ budget: budget() }), counting(), bulkhead(ROOM), timeout(LIMIT))
  const rows = [
    row('await the work', work),
    row('one async function around it', async () => await work()),
    through('a pipeline of no stages', wrap()),
    through('+ retry', wrap(retry())),
    through('+ budget', wrap(retry({ budget: budget() }))),
    through('+ breaker, consecutive', wrap(retry({ budget: budget() }), breaker())),
    through('  or count(100)', wrap(retry({ budget: budget() }), counting())),
    through('+ bulkhead', wrap(retry({ budget: budget() }), counting(), bulkhead(ROOM))),
    through(
      '+ timeout, cooperative',
      wrap(retry({ budget: budget() }), counting(), bulkhead(ROOM), timeout(LIMIT, cooperative)),
    ),
    through('  or aggressive', wrap(retry({ budget: budget() }), counting(), bulkhead(ROOM), timeout(LIMIT))),
    through('  and counted, with percentiles', wrap(statistics(), reading)),
    row('+ the work reads its signal', () => reading(async ({ signal }) => signal.aborted)),
  ]
  const timings = await time(rows, effort)
  const lines = rows.map(({ name }, index) => {
    const ns = timings[index]!.median
    const step = index === 0 ? '' : signed(ns - timings[index - 1]!.median)
    return [name.padEnd(34), ns.toFixed(0).padStart(8), step.padStart(8)].join('')
  })
  return [
    `${'where the nanoseconds go'.padEnd(34)}${'median'.padStart(8)}${'step'.padStart(8)}`,
    ...lines,
  ].join('\n')
}

function signed(ns: number): string {
  return `${ns < 0 ? '-' : '+'}${Math.abs(ns).toFixed(0)}`
}
