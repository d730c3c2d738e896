// What telemetry costs a request to the gateway, and a process that serves it; the result is one line of JSON.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Answerer, answerer, bare } from '../traffic/answerer.ts'
import { cpuMicros } from '../traffic/process-cost.ts'
import { quantile } from '../traffic/quantile.ts'
import { upstream } from '../traffic/upstream.ts'
import type { Telling } from './everything.ts'
import { gatewayRows, type Held, type Memory, type Round, rates, type Way, ways } from './gateway-rows.ts'

/** How long to measure: ms of warm-up for each way, rounds, ms of each figure in a round, pairs of processes whose memory is looked at, and their requests. */
export interface GatewayPlan {
  readonly warmUp: number
  readonly rounds: number
  readonly ms: number
  readonly pairs: number
  readonly requests: number
}

const plan = JSON.parse(process.argv[3] ?? '{}') as GatewayPlan
const concurrency = 32
/** As often as this is changed from way to way while processor time is counted: what else the machine does changes within a second, too. */
const slices = 4
const providerPort = 4782
const provider = `http://127.0.0.1:${providerPort}`
const logs = mkdtempSync(join(tmpdir(), 'holdfast-benchmark-'))
process.once('exit', () => rmSync(logs, { recursive: true }))

/** What is told, where anything is. */
const tellings: Readonly<Partial<Record<Way, Omit<Telling, 'file'>>>> = {
  on: { sample: 0.01, level: 'info' },
  'on, a line each': { sample: 0.01, level: 'debug' },
  'on, all sampled': { sample: 1, level: 'info' },
}

interface Measured extends Answerer {
  readonly way: Way
  /** Where it is scraped, if it is. */
  readonly metrics: string | undefined
  /** What it holds, after a collection. */
  memory(): Promise<Memory>
}

try {
  const server = await upstream(providerPort)
  const result = gatewayRows(await requests(), await memories())
  server.close()
  console.log(JSON.stringify(result))
  process.exit(0)
} catch (error) {
  console.error(`gateway: ${(error as Error).message}`)
  process.exit(1)
}

async function start(way: Way, port: number): Promise<Measured> {
  const own = `http://127.0.0.1:${port + 1}`
  const telling = tellings[way]
  const told = telling && JSON.stringify({ ...telling, file: join(logs, 'gateway.log') })
  const file = join(import.meta.dirname, 'gateway-process.ts')
  const args = [...process.execArgv, file, String(port), provider, ...(told === undefined ? [] : [told])]
  const program = { name: `the gateway (${way})`, origin: `http://127.0.0.1:${port}`, args }
  const started = await answerer(way === 'bare' ? bare(port, provider) : program)
  return {
    ...started,
    way,
    metrics: telling === undefined ? undefined : `${own}/metrics`,
    memory: async () => (await (await fetch(`${own}/memory`)).json()) as Memory,
  }
}

interface Spent {
  cpu: number
  answered: number
}

/** All ways in turn, forth and back, so that what else the machine does hits all alike. */
async function requests(): Promise<Round[]> {
  const started: Measured[] = []
  for (const [at, way] of ways.entries()) started.push(await start(way, 4784 + 2 * at))
  for (const { load } of started) await flooded(load, plan.warmUp)
  const rounds: Round[] = []
  for (let round = 0; round < plan.rounds; round++) {
    const turn = (at: number) => (at % 2 === 0 ? started : started.toReversed())
    const spent = started.map(() => ({ cpu: 0, answered: 0 }))
    for (let slice = 0; slice < slices; slice++) {
      for (const each of turn(slice)) await count(each, slice, spent[started.indexOf(each)]!)
    }
    const latencies: number[][][] = started.map(() => [])
    for (const [at, rate] of rates.entries()) {
      for (const each of turn(round + at)) latencies[started.indexOf(each)]!.push(await paced(each, rate))
    }
    for (const [index, { way }] of started.entries()) {
      const { cpu, answered } = spent[index]!
      const at = (share: number) => latencies[index]!.map((each) => quantile(each, share))
      rounds.push({ round, way, cpu: cpu / answered, p50: at(0.5), p99: at(0.99) })
    }
    console.error(`gateway: round ${round + 1} of ${plan.rounds}`)
  }
  for (const { stop } of started) await stop()
  return rounds
}

/** A slice of what is asked as fast as it goes. A scraper comes in the first. */
async function count({ load, pid, metrics }: Measured, slice: number, spent: Spent): Promise<void> {
  const cpu = cpuMicros(pid)
  if (metrics !== undefined && slice === 0) scrape(metrics)
  spent.answered += await flooded(load, plan.ms / slices)
  spent.cpu += cpuMicros(pid) - cpu
}

/** Latencies at a fixed rate. A scraper comes in the middle. */
async function paced({ load, metrics }: Measured, rate: number): Promise<number[]> {
  const scraping = setTimeout(() => metrics !== undefined && scrape(metrics), plan.ms / 2)
  const { whole } = await load.paced('json', { rate, duration: plan.ms })
  clearTimeout(scraping)
  return whole
}

/** How many were answered. */
async function flooded(load: Answerer['load'], ms: number): Promise<number> {
  const flood = load.flood('json', concurrency)
  await wait(ms)
  await flood.stop()
  return flood.count()
}

function scrape(metrics: string): void {
  fetch(metrics).then(
    (page) => page.text(),
    (error: Error) => {
      console.error(`gateway: ${metrics} could not be scraped: ${error.message}`)
      process.exit(1)
    },
  )
}

/** What a process that has everything on holds, and what one holds that has nothing on, before and after many requests. */
async function memories(): Promise<Held[]> {
  const found: Held[] = []
  for (let pair = 0; pair < plan.pairs; pair++) {
    for (const way of ['off', 'on'] as const) {
      const { load, stop, memory } = await start(way, 4784)
      const idle = await memory()
      let left = plan.requests
      const one = async () => {
        while (left-- > 0) await load.ask('json')
      }
      await Promise.all(Array.from({ length: concurrency }, one))
      found.push({ way, idle, after: await memory() })
      await stop()
    }
    console.error(`gateway: memory, pair ${pair + 1} of ${plan.pairs}`)
  }
  return found
}
