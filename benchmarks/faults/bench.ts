import { parseArgs } from 'node:util'
import { machineName, save } from '../result.ts'
import { call, type Manner } from './caller.ts'
import { holdfast } from './holdfast.ts'
import { portkey } from './portkey.ts'
import { provider } from './provider.ts'
import { table, tally } from './report.ts'
import { type Result, runScenario } from './run-scenario.ts'
import { scenarios } from './scenarios.ts'

const { values: options } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    only: { type: 'string' },
    save: { type: 'boolean', default: false },
    machine: { type: 'string', default: machineName() },
  },
})
const scale = options.full ? 1 : 1 / 10
const timing = options.full
  ? 'real timings, about a minute and a half'
  : 'limits, back-off and the clock of S15 at a tenth, the faults as long as ever (--full for the real ones)'
const manners: readonly Manner[] = ['streaming', 'whole']

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

try {
  const results = await bench('holdfast')
  console.log(`${table(results)}\n`)
  const peers = options.peers ? await bench('portkey') : undefined
  if (peers) console.log(`portkey\n${table(peers)}\n`)
  const result = {
    name: 'faults',
    scale,
    verdicts: verdicts(results),
    ...(peers && { portkey: verdicts(peers) }),
    rows: results,
  }
  if (options.save) save('faults', { machine: options.machine, plan: { scale } }, result)
  console.log(JSON.stringify(result))
  process.exit(results.some(({ is }) => is === 'fail') ? 1 : 0)
} catch (error) {
  console.error(`bench: ${(error as Error).message}`)
  process.exit(1)
}

function verdicts(results: readonly Result[]): Record<string, ReturnType<typeof tally>> {
  return Object.fromEntries(
    manners.map((manner) => [manner, tally(results.filter((each) => each.manner === manner))]),
  )
}

async function bench(name: 'holdfast' | 'portkey'): Promise<Result[]> {
  const chosen = scenarios({ outage: scale }).filter(
    ({ id }) => options.only?.split(',').includes(id) ?? true,
  )
  if (chosen.length === 0) throw new Error(`there is no scenario ${options.only}: they are S01 to S16`)
  const providers = await provider()
  const plays = chosen.flatMap((scenario) =>
    manners.map((manner) => {
      const of = `${scenario.id}-${manner}`
      return { scenario, manner, name: of, stage: providers.stage(of, scenario) }
    }),
  )
  const stages = new Map(plays.map((play) => [play.name, play.stage]))
  const gateway = await (name === 'holdfast' ? holdfast(stages, scale) : portkey(scale))
  console.error(`${name}: ${timing}`)
  try {
    return await Promise.all(
      plays.map(({ scenario, manner, stage, name: of }) =>
        runScenario(scenario, stage, {
          ask: (within) => call({ ...gateway.door(of, stage), within }, manner),
          manner,
        }),
      ),
    )
  } finally {
    await gateway.stop()
    await providers.close()
  }
}
