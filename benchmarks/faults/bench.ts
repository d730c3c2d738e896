import { parseArgs } from 'node:util'
import { machineName, save } from '../result.ts'
import type { Manner } from './caller.ts'
import { holdfast } from './holdfast.ts'
import { provider, type Stage } from './provider.ts'
import { table, tally } from './report.ts'
import { type Result, runScenario } from './run-scenario.ts'
import { scenarios } from './scenarios.ts'

const { values: options } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    only: { type: 'string' },
    save: { type: 'boolean', default: false },
    machine: { type: 'string', default: machineName() },
  },
})
const scale = options.full ? 1 : 1 / 10
const manners: readonly Manner[] = ['streaming', 'whole']

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

try {
  const results = await bench()
  const verdicts = Object.fromEntries(
    manners.map((manner) => [manner, tally(results.filter((each) => each.manner === manner))]),
  )
  const result = { name: 'faults', scale, verdicts, rows: results }
  if (options.save) save('faults', { machine: options.machine, plan: { scale } }, result)
  console.log(`${table(results)}\n`)
  console.log(JSON.stringify(result))
  process.exit(results.some(({ is }) => is === 'fail') ? 1 : 0)
} catch (error) {
  console.error(`bench: ${(error as Error).message}`)
  process.exit(1)
}

async function bench(): Promise<Result[]> {
  const chosen = scenarios({ outage: scale }).filter(
    ({ id }) => options.only?.split(',').includes(id) ?? true,
  )
  if (chosen.length === 0) throw new Error(`there is no scenario ${options.only}: they are S01 to S16`)
  console.error(
    options.full
      ? 'real timings: about a minute and a half'
      : 'limits, back-off and the clock of S15 at a tenth; the faults themselves as long as ever (--full for the real ones)',
  )
  const providers = await provider()
  const plays = chosen.flatMap((scenario) =>
    manners.map((manner) => ({ scenario, manner, name: `${scenario.id}-${manner}` })),
  )
  const stages = new Map(
    plays.map(({ name, scenario }): [string, Stage] => [name, providers.stage(name, scenario)]),
  )
  const gateway = await holdfast(stages, scale)
  try {
    return await Promise.all(
      plays.map(({ scenario, manner, name }) =>
        runScenario(scenario, stages.get(name)!, { door: gateway.door(name), manner }),
      ),
    )
  } finally {
    await gateway.stop()
    await providers.close()
  }
}
