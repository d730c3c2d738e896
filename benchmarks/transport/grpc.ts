// gRPC: what everything costs over bare grpc-js, two processes; and how soon a server that was killed answers again. See README.md.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { Client, credentials } from '@grpc/grpc-js'
import { breaker, budget, concurrencyLimit, retry, timeout, wrap } from '@holdfast/policy'
import { grpcClient } from '@holdfast/transport/grpc'
import { echoService } from './grpc-service.ts'

/** One figure: the median over all rounds, and how it compares with bare grpc-js in the same rounds. */
export interface GrpcRow {
  readonly library: string
  readonly name: string
  readonly unit: 'calls/s' | 'µs of CPU' | 'ms'
  readonly value: number
  /** Of bare grpc-js's, in the median of the rounds. */
  readonly ratio: number
}

interface Subject {
  readonly library: string
  readonly call: () => Promise<unknown>
  readonly close: () => void
}

const request = { text: 'x'.repeat(64) }

/** `calls` in each of `rounds` rounds by each way in turn; `kills` of a server, by each way. */
export async function grpcRows(plan: {
  readonly calls: number
  readonly rounds: number
  readonly kills: number
}): Promise<GrpcRow[]> {
  return [...(await rates(plan)), ...(await recoveries(plan.kills))]
}

async function rates({
  calls,
  rounds,
}: {
  readonly calls: number
  readonly rounds: number
}): Promise<GrpcRow[]> {
  const servers = { bare: await serverProcess('bare'), holdfast: await serverProcess('holdfast') }
  const subjects = [
    bare('grpc-js', servers.bare.address),
    bare('grpc-js, a deadline a call', servers.bare.address, 30_000),
    holdfast('holdfast', servers.holdfast.address),
    holdfast('holdfast, client alone', servers.bare.address),
  ]
  const rows: GrpcRow[] = []
  for (const inFlight of [1, 50]) {
    const each = inFlight === 1 ? calls / 5 : calls
    for (const { call } of subjects) await run(call, each, inFlight)
    const measured = subjects.map(() => ({ rate: [] as number[], cpu: [] as number[] }))
    for (let round = 0; round < rounds; round++)
      for (const at of turned(subjects.length, round)) {
        const { rate, cpu } = await run(subjects[at]!.call, each, inFlight)
        measured[at]!.rate.push(rate)
        measured[at]!.cpu.push(cpu)
      }
    const [base] = measured
    for (const [at, { library }] of subjects.entries()) {
      const { rate, cpu } = measured[at]!
      const name = `unary, ${inFlight} in flight`
      const compared = (mine: number[], theirs: number[]) => median(mine.map((each, n) => each / theirs[n]!))
      rows.push({ library, name, unit: 'calls/s', value: median(rate), ratio: compared(rate, base!.rate) })
      rows.push({ library, name, unit: 'µs of CPU', value: median(cpu), ratio: compared(cpu, base!.cpu) })
    }
  }
  for (const { close } of subjects) close()
  for (const { child } of Object.values(servers)) child.kill('SIGKILL')
  return rows
}

/** From the moment a new server listens until it has answered; the client calls again as soon as a call has failed. */
async function recoveries(kills: number): Promise<GrpcRow[]> {
  const ways = { 'grpc-js': bare, holdfast } as const
  const found: Record<string, number[]> = {}
  for (const [library, make] of Object.entries(ways)) {
    found[library] = []
    let server = await serverProcess('bare')
    const subject = make(library, server.address)
    for (let n = 0; n < kills; n++) {
      await subject.call()
      const gone = once(server.child, 'exit')
      server.child.kill('SIGKILL')
      await gone
      const answered = untilAnswered(subject.call)
      server = await serverProcess('bare', server.address)
      found[library]!.push((await answered) - server.ready)
    }
    subject.close()
    server.child.kill('SIGKILL')
  }
  const base = median(found['grpc-js']!)
  return Object.entries(found).flatMap(([library, each]): GrpcRow[] => [
    {
      library,
      name: 'killed, ready to answer, median',
      unit: 'ms',
      value: median(each),
      ratio: median(each) / base,
    },
    {
      library,
      name: 'killed, ready to answer, longest',
      unit: 'ms',
      value: Math.max(...each),
      ratio: Math.max(...each) / base,
    },
  ])
}

async function untilAnswered(call: () => Promise<unknown>): Promise<number> {
  for (;;) {
    try {
      await call()
      return performance.timeOrigin + performance.now()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
}

function bare(library: string, address: string, within?: number): Subject {
  const client = new Client(address, credentials.createInsecure())
  const { path, requestSerialize, responseDeserialize } = echoService.echo
  return {
    library,
    call: () =>
      new Promise((resolve, reject) => {
        const options = within === undefined ? {} : { deadline: Date.now() + within }
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          options,
          (error, answer) => (error === null ? resolve(answer) : reject(error)),
        )
      }),
    close: () => client.close(),
  }
}

/** Retry with a budget, breaker, adaptive limit and time-out around each call, and its deadline on the wire. */
function holdfast(library: string, address: string): Subject {
  const client = grpcClient(echoService, {
    address,
    pipeline: (path: string) =>
      wrap(
        retry({ attempts: 1, budget: budget(`${library} ${address}`) }),
        breaker(`${library} ${address}${path}`, { failures: 1e9 }),
        concurrencyLimit(`${library} ${address}${path}`, { initial: 100, min: 100 }),
        timeout(30_000),
      ),
  })
  return { library, call: () => client.rpc.echo(request), close: () => void client.close() }
}

interface ServerProcess {
  readonly child: ChildProcess
  readonly address: string
  /** When it listened: ms since the epoch. */
  readonly ready: number
}

async function serverProcess(kind: 'bare' | 'holdfast', at?: string): Promise<ServerProcess> {
  const address = at ?? `127.0.0.1:${await freePort()}`
  const file = new URL('./grpc-answerer.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [...process.execArgv, file, kind, address], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface(child.stdout!), 'line')
  return { child, address, ready: Number(line) }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function run(
  work: () => Promise<unknown>,
  calls: number,
  inFlight: number,
): Promise<{ rate: number; cpu: number }> {
  let left = calls
  const caller = async () => {
    while (left-- > 0) await work()
  }
  const before = process.cpuUsage()
  const from = performance.now()
  await Promise.all(Array.from({ length: inFlight }, caller))
  const { user, system } = process.cpuUsage(before)
  return { rate: (1_000 * calls) / (performance.now() - from), cpu: (user + system) / calls }
}

/** Each round begins with another. */
function turned(length: number, round: number): number[] {
  return Array.from({ length }, (_, at) => (at + round) % length)
}

function median(of: readonly number[]): number {
  return of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)]!
}

if (process.argv[1] === import.meta.filename) {
  for (const { library, name, unit, value, ratio } of await grpcRows({ calls: 2_000, rounds: 13, kills: 7 }))
    console.log(
      `${name.padEnd(34)}${library.padEnd(28)}${value.toFixed(1).padStart(10)} ${unit.padEnd(10)}${ratio.toFixed(3)}`,
    )
  process.exit(0)
}
