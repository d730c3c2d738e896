import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { askStream, type FakeProvider, fakeAnswer, fakeProvider } from '@holdfast/gateway/testing'
import { readUsage, type UsageSum } from '@holdfast/gateway/usage'
import { expect } from 'vitest'
import { freePorts, type RunningHoldfast, runningHoldfast } from './running-holdfast.ts'

/** A Holdfast with a price, one provider, and clients that ask all the time. */
export interface UnderLoad extends AsyncDisposable {
  readonly holdfast: RunningHoldfast
  readonly provider: FakeProvider
  readonly gateway: string
  /** What the file says, in all. */
  written(): UsageSum
  /** Resolves when the file says that so many answers more were given than `since`. */
  grown(since: number, by: number): Promise<void>
  /** Requests in flight, as the file has them. */
  noted(): number
  /** Kills a process of the edge with -9, and waits until it is back. */
  killEdge(): Promise<void>
  /** Holds what the file says against what clients got and the provider saw. */
  demandWhole(): void
  /** The clients ask no more; resolves when the last has its answer. */
  quiet(): Promise<void>
}

/** So long, in ms, a write may be late at most on a machine that is busy with tests; the ledger is written every second. */
const late = 1_500

export async function underLoad(replicas = 1): Promise<UnderLoad> {
  const provider = await fakeProvider()
  provider.always({ does: 'answer', usage: true })
  const ports = await freePorts(2)
  const holdfast = await runningHoldfast(
    `
gateway: { listen: 127.0.0.1:${ports[0]}, replicas: ${replicas} }
control: { listen: 127.0.0.1:${ports[1]} }
upstreams: { a: { url: "${provider.url}", model: m } }
prices: { a: { input: 1, output: 2 } }
chains: { default: [a] }
`,
    ports[1]!,
  )
  const file = join(holdfast.folder, '.holdfast', 'usage.sqlite')
  const gateway = `http://127.0.0.1:${ports[0]}`
  const times: number[] = []
  const kills: number[] = []
  let asking = true
  const client = async (): Promise<void> => {
    while (asking) {
      const at = performance.now()
      const { done, text } = await askStream(gateway).catch(() => ({ done: false, text: '' }))
      if (done && text === fakeAnswer) times.push(at)
    }
  }
  const clients = [client(), client(), client()]
  const written = (): UsageSum => readUsage(file, { by: [] }).rows[0] ?? nothing
  return {
    holdfast,
    provider,
    gateway,
    written,
    grown: (since, by) =>
      expect.poll(() => written().answers, { timeout: 30_000 }).toBeGreaterThan(since + by),
    noted() {
      const db = new DatabaseSync(file, { readOnly: true })
      const [{ count }] = db.prepare('SELECT TOTAL(wasted) AS count FROM noted').all() as [{ count: number }]
      db.close()
      return count
    },
    async killEdge() {
      const { edge } = (await holdfast.status()).processes
      const pid = edge.pid ?? edge.replicas!.each.find((each) => each.pid !== undefined)!.pid!
      const ready = / holdfast edge( \(replica \d+\))? is ready/
      const before = holdfast.lines.filter((line) => ready.test(line)).length
      kills.push(performance.now())
      process.kill(pid, 'SIGKILL')
      await holdfast.line(ready, before + 1)
    },
    demandWhole() {
      const { answers, wasted, estimated, input, output, cost } = written()
      const sure = times.filter((at) => !kills.some((kill) => at < kill && at > kill - late)).length
      expect(answers).toBeGreaterThanOrEqual(sure)
      expect(sure).toBeGreaterThan(0)
      expect(answers + wasted.attempts).toBeLessThanOrEqual(provider.received.length)
      expect(estimated).toBe(wasted.attempts)
      expect({ input, output }).toEqual({ input: 5 * answers, output: 12 * answers })
      expect(cost).toBeCloseTo((5 + 2 * 12) * answers * 1e-6, 9)
    },
    async quiet() {
      asking = false
      await Promise.all(clients)
    },
    async [Symbol.asyncDispose]() {
      asking = false
      await Promise.all(clients)
      await holdfast[Symbol.asyncDispose]()
      await provider.close()
    },
  }
}

const nothing: UsageSum = {
  answers: 0,
  input: 0,
  output: 0,
  cached: 0,
  written: 0,
  cost: 0,
  wasted: { attempts: 0, input: 0, output: 0, cost: 0 },
  estimated: 0,
  priced: true,
}
