// ZeroMQ: requests by id, with all that keeps them going, beside a bare pair of sockets and beside REQ. See README.md.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { retry, timeout, wrap } from '@holdfast/policy'
import { zeromqClient } from '@holdfast/transport/zeromq'
import { Dealer, Request } from 'zeromq'

/** One figure: the median over all rounds (of a recovery also the worst), and how it compares with the bare pair's. */
export interface ZeromqRow {
  readonly library: string
  readonly name: string
  readonly unit: 'calls/s' | 'ms'
  readonly value: number
  readonly max?: number
  /** Of the bare pair's, in the median of the rounds. */
  readonly ratio?: number
}

interface Peer {
  readonly address: string
  /** When it answered first, on the clock that all processes share, in ns. */
  readonly ready: bigint
  kill(): Promise<void>
}

interface Asking {
  readonly library: string
  ask(body: Buffer): Promise<unknown>
  close(): unknown
}

type Kind = 'holdfast' | 'router' | 'rep'

/** `ms` in each of `rounds` rounds by each way in turn, and `kills` of each peer. */
export async function zeromqRows(plan: {
  readonly ms: number
  readonly rounds: number
  readonly kills: number
}): Promise<ZeromqRow[]> {
  return [...(await rates(plan)), ...(await recoveries(plan.kills))]
}

async function rates({ ms, rounds }: { readonly ms: number; readonly rounds: number }): Promise<ZeromqRow[]> {
  const [router, rep, peer] = [await start('router'), await start('rep'), await start('holdfast')]
  const bare = pair(router.address)
  const req = request(rep.address)
  const ours = calls('holdfast', zeromqClient({ connect: peer.address }))
  const naked = calls('holdfast, no policies', zeromqClient({ connect: peer.address, pipeline: wrap() }))
  const rows: ZeromqRow[] = []
  for (const [inFlight, subjects] of [
    [50, [bare, req, ours, naked]],
    [1, [bare, req, ours, naked]],
  ] as const) {
    const measured = subjects.map((): number[] => [])
    for (const subject of subjects) await rate(subject, ms, subject === req ? 1 : inFlight)
    for (let round = 0; round < rounds; round++)
      for (const at of turned(subjects.length, round)) {
        const subject = subjects[at]!
        measured[at]!.push(await rate(subject, ms, subject === req ? 1 : inFlight))
      }
    for (const [at, { library }] of subjects.entries()) {
      const ratio = median(measured[at]!.map((each, n) => each / measured[0]![n]!))
      rows.push({
        library,
        name: `${inFlight} in flight`,
        unit: 'calls/s',
        value: median(measured[at]!),
        ratio,
      })
    }
  }
  for (const each of [bare, req, ours, naked]) await each.close()
  for (const each of [router, rep, peer]) await each.kill()
  return rows
}

/** From the moment that a new peer answers to its first answer, after the one before was killed with a request under way. */
async function recoveries(kills: number): Promise<ZeromqRow[]> {
  const subjects = [
    ...[100, 1_000, 10_000].map((attempt) => ({
      kind: 'holdfast' as const,
      name: `peer ready to first answer, time-out ${attempt} ms`,
      make: (address: string) => patient(address, attempt),
    })),
    { kind: 'rep' as const, name: 'peer ready to first answer, time-out 1000 ms', make: pirate },
  ]
  const rows: ZeromqRow[] = []
  for (const { kind, name, make } of subjects) {
    const waits: number[] = []
    let peer = await start(kind)
    const { address } = peer
    const asking = make(address)
    await asking.ask(body)
    for (let kill = 0; kill < kills; kill++) {
      await peer.kill()
      const answered = asking.ask(body).then(() => process.hrtime.bigint())
      peer = await start(kind, address)
      waits.push(Number((await answered) - peer.ready) / 1e6)
    }
    await asking.close()
    await peer.kill()
    rows.push({ library: asking.library, name, unit: 'ms', value: median(waits), max: Math.max(...waits) })
  }
  return rows
}

const body = Buffer.alloc(64, 'x')

/** The floor: an id in the first bytes of the body, and nothing that could fail. */
function pair(address: string): Asking {
  const socket = new Dealer({ linger: 0, sendTimeout: 0 })
  socket.connect(address)
  const waiting = new Map<number, (answer: Buffer) => void>()
  let last = 0
  ;(async () => {
    for await (const [answer] of socket) {
      const id = answer!.readUInt32BE()
      waiting.get(id)!(answer!)
      waiting.delete(id)
    }
  })()
  return {
    library: 'DEALER/ROUTER',
    ask: (said) =>
      new Promise((resolve) => {
        const id = ++last
        const message = Buffer.from(said)
        message.writeUInt32BE(id)
        waiting.set(id, resolve)
        void socket.send(message)
      }),
    close: () => socket.close(),
  }
}

function request(address: string): Asking {
  const socket = new Request({ linger: 0 })
  socket.connect(address)
  return {
    library: 'REQ/REP',
    async ask(said) {
      await socket.send(said)
      return socket.receive()
    },
    close: () => socket.close(),
  }
}

/** What the guide of ZeroMQ tells everybody to write: wait, give the socket up, ask again on a new one. */
function pirate(address: string): Asking {
  const connected = () => {
    const socket = new Request({ linger: 0, receiveTimeout: 1_000 })
    socket.connect(address)
    return socket
  }
  let socket = connected()
  return {
    library: 'Lazy Pirate',
    async ask(said) {
      for (;;)
        try {
          await socket.send(said)
          return await socket.receive()
        } catch {
          socket.close()
          socket = connected()
        }
    },
    close: () => socket.close(),
  }
}

function patient(address: string, attempt: number): Asking {
  const pipeline = wrap(retry({ attempts: 1_000, backoff: { initial: 5, max: 20 } }), timeout(attempt))
  const client = zeromqClient({ connect: address, pipeline })
  return {
    library: 'holdfast',
    ask: (said) => client.call('echo', said, { idempotent: true }),
    close: () => client.close(),
  }
}

function calls(library: string, client: ReturnType<typeof zeromqClient>): Asking {
  return { library, ask: (said) => client.call('echo', said), close: () => client.close() }
}

async function start(kind: Kind, address = 'tcp://127.0.0.1:*'): Promise<Peer> {
  const args = ['--conditions=@holdfast/source', join(import.meta.dirname, 'zeromq-peer.ts'), kind, address]
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string]
  const [found, ready] = line.split(' ') as [string, string]
  return {
    address: found,
    ready: BigInt(ready),
    async kill() {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}

async function rate({ ask }: Asking, ms: number, inFlight: number): Promise<number> {
  const from = performance.now()
  let done = 0
  const caller = async () => {
    while (performance.now() - from < ms) {
      await ask(body)
      done++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, caller))
  return (1_000 * done) / (performance.now() - from)
}

/** Each round begins with another. */
function turned(length: number, round: number): number[] {
  return Array.from({ length }, (_, at) => (at + round) % length)
}

function median(of: readonly number[]): number {
  return of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)]!
}

if (process.argv[1] === import.meta.filename) {
  for (const { library, name, unit, value, max, ratio } of await zeromqRows({
    ms: 300,
    rounds: 7,
    kills: 10,
  }))
    console.log(
      `${name.padEnd(48)}${library.padEnd(24)}${value.toFixed(1).padStart(10)} ${unit.padEnd(10)}${(ratio ?? max ?? 0).toFixed(3)}`,
    )
}
