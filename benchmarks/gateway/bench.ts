import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { machineName, save } from '../result.ts'
import { type Kind, kinds } from '../traffic/exchange.ts'
import { cpuMicros, residentBytes } from '../traffic/process-cost.ts'
import { quantile } from '../traffic/quantile.ts'
import { upstream } from '../traffic/upstream.ts'
import { medianRow, promises, type Row, table } from './report.ts'
import { type Target, type TargetName, target, targetNames, upstreamPort } from './target.ts'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    machine: { type: 'string', default: machineName() },
    targets: { type: 'string', default: targetNames.join(',') },
  },
})
const plan = options.quick
  ? { rounds: 1, warmUp: 300, flood: 700, paced: 1_000 }
  : { rounds: 3, warmUp: 1_500, flood: 4_000, paced: 5_000 }
const concurrency = 32
const rate = 200

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

try {
  const result = await bench(chosen(options.targets))
  if (options.save) save('gateway', { machine: options.machine, plan }, result)
  console.log(JSON.stringify(result))
  process.exit(0)
} catch (error) {
  console.error(`bench: ${(error as Error).message}`)
  process.exit(1)
}

async function bench(names: readonly TargetName[]) {
  const provider = await upstream(upstreamPort)
  const targets: Target[] = []
  for (const name of names) targets.push(await target(name))
  const rounds: Row[] = []
  for (let round = 1; round <= plan.rounds; round++) {
    for (const kind of kinds) {
      for (const measured of targets) {
        const row = await measure(measured, kind)
        rounds.push(row)
        const cpu = row.cpuMicros === null ? '' : `, ${row.cpuMicros.toFixed(1)} µs CPU/request`
        console.error(`round ${round}/${plan.rounds}  ${kind} ${row.target}: ${row.rps.toFixed(0)}/s${cpu}`)
      }
    }
  }
  for (const { stop } of targets) await stop()
  provider.close()
  const rows = kinds.flatMap((kind) =>
    names.map((name) => medianRow(rounds.filter((row) => row.kind === kind && row.target === name))),
  )
  const promised = promises(rows)
  console.log(`${table(rows, promised)}\n`)
  return { name: 'gateway', rows, targets: promised }
}

/** One round: as fast as it goes, then at the fixed rate. */
async function measure({ name, load, pid }: Target, kind: Kind): Promise<Row> {
  const cpu = () => (pid === undefined ? 0 : cpuMicros(pid))
  const flood = load.flood(kind, concurrency)
  await wait(plan.warmUp)
  const before = { time: performance.now(), count: flood.count(), cpu: cpu() }
  await wait(plan.flood)
  const spent = cpu() - before.cpu
  const count = flood.count() - before.count
  const seconds = (performance.now() - before.time) / 1_000
  await flood.stop()
  const rss = pid === undefined ? null : residentBytes(pid)
  const latencies = await load.paced(kind, { rate, duration: plan.paced })
  return {
    target: name,
    kind,
    rps: count / seconds,
    cpuMicros: pid === undefined ? null : spent / count,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    rss,
  }
}

function chosen(list: string): TargetName[] {
  const names = list.split(',')
  const odd = names.find((name) => !targetNames.some((known) => known === name))
  if (odd !== undefined)
    throw new Error(`there is no target called "${odd}". There is: ${targetNames.join(', ')}.`)
  return targetNames.filter((name) => names.includes(name))
}
