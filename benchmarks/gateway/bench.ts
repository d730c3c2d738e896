import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { machineName, save } from '../result.ts'
import { type Kind, kinds } from '../traffic/exchange.ts'
import { cpuMicros, residentBytes } from '../traffic/process-cost.ts'
import { quantile } from '../traffic/quantile.ts'
import { upstream } from '../traffic/upstream.ts'
import { flat, flatTable } from './flat.ts'
import { nginxInstalled } from './nginx.ts'
import { medianRow, promises, type Row, streamsTable, table } from './report.ts'
import { type Streams, speaks, streams } from './streams.ts'
import { type Target, type TargetName, target, targetNames, upstreamPort } from './target.ts'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    machine: { type: 'string', default: machineName() },
    targets: { type: 'string', default: targetNames.join(',') },
    minutes: { type: 'string', default: '30' },
  },
})
const plan = options.quick
  ? { rounds: 1, warmUp: 300, flood: 700, paced: 1_000, streams: { streams: 64, frames: 10, every: 100 } }
  : {
      rounds: 3,
      warmUp: 3_000,
      flood: 4_000,
      paced: 5_000,
      streams: { streams: 512, frames: 100, every: 100 },
    }
const concurrency = 32
const rate = 200

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

try {
  const result = positionals.includes('flat') ? await long() : await bench(chosen(options.targets))
  if (options.save) save('gateway', { machine: options.machine, plan }, result)
  console.log(JSON.stringify(result))
  process.exit(0)
} catch (error) {
  console.error(`bench: ${(error as Error).message}`)
  process.exit(1)
}

async function bench(names: readonly TargetName[]) {
  const provider = await upstream(upstreamPort, speaks(plan.streams))
  const targets: Target[] = []
  const idle = new Map<TargetName, number>()
  for (const name of names) targets.push(await target(name))
  await wait(plan.warmUp) // What a process loads behind its first answer is there by then.
  for (const { name, pid } of targets) if (pid !== undefined) idle.set(name, residentBytes(pid))
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
  const spoken: Streams[] = []
  for (const { name, load } of targets) {
    const { origin, headers } = load
    console.error(`${plan.streams.streams} streams at once: ${name}`)
    spoken.push(await streams({ name, origin, headers }, plan.streams))
  }
  for (const { stop } of targets) await stop()
  provider.close()
  const rows = kinds.flatMap((kind) =>
    names.map((name) => medianRow(rounds.filter((row) => row.kind === kind && row.target === name))),
  )
  const promised = promises({ rows, idle: idle.get('holdfast'), streams: spoken })
  console.log(`${table(rows, promised)}\n\n${streamsTable(spoken)}\n`)
  return { name: 'gateway', rows, streams: spoken, idle: Object.fromEntries(idle), targets: promised }
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
  const { first, whole } = await load.paced(kind, { rate, duration: plan.paced })
  return {
    target: name,
    kind,
    rps: count / seconds,
    cpuMicros: pid === undefined ? null : spent / count,
    p50: quantile(whole, 0.5),
    p99: quantile(whole, 0.99),
    first99: quantile(first, 0.99),
    rss,
  }
}

/** Whether Holdfast stays as large as it was, at a steady load. */
async function long() {
  const provider = await upstream(upstreamPort)
  const measured = await target('holdfast')
  const found = await flat(measured, { minutes: Number(options.minutes), rate })
  await measured.stop()
  provider.close()
  console.log(`${flatTable(found)}\n`)
  return { name: 'gateway flat', ...found }
}

function chosen(list: string): TargetName[] {
  const names = list.split(',')
  const odd = names.find((name) => !targetNames.some((known) => known === name))
  if (odd !== undefined)
    throw new Error(`there is no target called "${odd}". There is: ${targetNames.join(', ')}.`)
  const here = targetNames.filter((name) => names.includes(name))
  if (!here.includes('nginx') || nginxInstalled()) return here
  console.error('nginx is not installed, so it is not measured')
  return here.filter((name) => name !== 'nginx')
}
