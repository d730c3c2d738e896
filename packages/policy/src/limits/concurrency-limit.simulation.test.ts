import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { wrap } from '../pipeline/wrap.ts'
import { type FakeClock, fakeClock, seededRandom } from '../testing/index.ts'
import type { Random } from '../time/clock.ts'
import { concurrencyLimit } from './concurrency-limit.ts'

/** A server that does so many things at a time, and queues the rest without a bound. */
class Server {
  places = 1
  readonly #clock: FakeClock
  readonly #duration: () => number
  readonly #queue: (() => void)[] = []
  #busy = 0
  #next = 0

  constructor(clock: FakeClock, duration: () => number) {
    this.#clock = clock
    this.#duration = duration
  }

  readonly serve = () =>
    new Promise<void>((resolve) => {
      this.#queue.push(resolve)
      this.work()
    })

  work(): void {
    while (this.#busy < this.places && this.#next < this.#queue.length) {
      const done = this.#queue[this.#next++]!
      this.#busy++
      this.#clock.after(this.#duration(), () => {
        this.#busy--
        done()
        this.work()
      })
    }
  }
}

interface Load {
  readonly name: string
  /** Calls a second, and places at the server, at a second. */
  readonly rate: (second: number) => number
  readonly places: (second: number) => number
  readonly duration: (random: Random) => number
}

const same = () => 100
const loads: Load[] = [
  { name: 'steady: 300 a second', rate: () => 300, places: () => 20, duration: same },
  {
    name: 'step up: 100, from 10 s on 400',
    rate: (s) => (s < 10 ? 100 : 400),
    places: () => 20,
    duration: same,
  },
  { name: 'capacity halves at 20 s', rate: () => 180, places: (s) => (s < 20 ? 20 : 10), duration: same },
  { name: 'recovery: half until 20 s', rate: () => 180, places: (s) => (s < 20 ? 10 : 20), duration: same },
  {
    name: 'noise: exponential durations',
    rate: () => 300,
    places: () => 20,
    duration: (random) => -100 * Math.log(1 - random()),
  },
]

const END = 40_000

/** Forty seconds of a load; the limit is the median of the last ten. */
async function simulate(load: Load, limited: boolean) {
  const clock = fakeClock()
  const random = seededRandom(7)
  const server = new Server(clock, () => load.duration(random))
  const own = concurrencyLimit({ clock })
  const ask = limited ? wrap(own) : wrap()
  const times: number[] = []
  const limits: number[] = []
  const arrive = () => {
    const began = clock.now()
    server.places = load.places(began / 1_000)
    ask(server.serve).then(
      () => times.push(clock.now() - began),
      () => {},
    )
    if (began >= END - 10_000) limits.push(own.status().limit)
    clock.after((-1_000 / load.rate(began / 1_000)) * Math.log(1 - random()), arrive)
  }
  arrive()
  await clock.advance(END)
  times.sort((one, other) => one - other)
  limits.sort((one, other) => one - other)
  return {
    served: times.length,
    good: times.filter((ms) => ms <= 500).length,
    p95: Math.round(times[Math.floor(times.length * 0.95)]!),
    limit: limits[limits.length >> 1]!,
  }
}

const results = loads.map(async (load) => ({
  load,
  bare: await simulate(load, false),
  learned: await simulate(load, true),
}))

describe('concurrencyLimit', () => {
  it.each(loads.map(({ name }, n) => [name, n] as const))(
    'keeps answers fast and the server busy under load: %s',
    async (_, n) => {
      const { load, bare, learned } = await results[n]!
      const places = load.places(END / 1_000)

      expect(learned.limit).toBeGreaterThanOrEqual(places)
      expect(learned.limit).toBeLessThanOrEqual(places * 2)
      expect(learned.p95).toBeLessThan(350)
      expect(learned.p95).toBeLessThan(bare.p95 / 20)
      expect(learned.served).toBeGreaterThan(bare.served * 0.9)
      expect(learned.good).toBeGreaterThan(bare.good * 1.4)
    },
  )

  it('is shown in its page as it is', async () => {
    const rows = (await Promise.all(results)).map(
      ({ load, bare, learned }) =>
        `| ${load.name} | ${bare.p95} ms | ${learned.p95} ms | ${bare.served} | ${learned.served} | ${bare.good} | ${learned.good} | ${learned.limit} of ${load.places(END / 1_000)} |`,
    )
    const page = readFileSync(
      join(import.meta.dirname, '../../../../docs/policies/concurrency-limit.md'),
      'utf8',
    )

    expect(page).toContain(rows.join('\n'))
  })
})
