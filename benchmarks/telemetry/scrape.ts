import { type Distribution, exposition } from '@holdfast/telemetry'
import { Histogram, Registry } from 'prom-client'
import { median } from '../policy/timing.ts'

/** One way to write the page: ms in all, and the longest that the loop was held in one go. */
export interface Scrape {
  readonly library: string
  readonly total: number
  readonly longest: number
  /** The longest of all scrapes. */
  readonly worst: number
  readonly bytes: number
}

const SERIES = 2_000
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const WARM = 10

/** The same histograms, written by Holdfast and by prom-client itself, one after the other, so that neither pays for the other's garbage. */
export async function scrapes(count: number): Promise<Scrape[]> {
  const samples = distributions()
  const about = { name: 'request_seconds', help: 'How long requests took.', type: 'histogram' } as const
  const { page } = exposition(async () => [{ ...about, samples }])
  const registry = promClient()
  return [
    await scraped('holdfast', count, async () => (await page(undefined)).text),
    await scraped('prom-client', count, () => registry.metrics()),
  ]
}

async function scraped(library: string, count: number, write: () => Promise<string>): Promise<Scrape> {
  for (let warm = 0; warm < WARM; warm++) await watched(write)
  const seen: Watched[] = []
  for (let scrape = 0; scrape < count; scrape++) seen.push(await watched(write))
  const longest = seen.map((each) => each.longest)
  return {
    library,
    total: median(seen.map(({ total }) => total)),
    longest: median(longest),
    worst: Math.max(...longest),
    bytes: seen[0]!.bytes,
  }
}

interface Watched {
  readonly total: number
  readonly longest: number
  readonly bytes: number
}

/** Looks at the clock in every turn of the loop: the longest time between two looks is what nobody else could run in. */
async function watched(write: () => Promise<string>): Promise<Watched> {
  let longest = 0
  let over = false
  const start = performance.now()
  let last = start
  const look = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (!over) setImmediate(look)
  }
  setImmediate(look)
  const text = await write()
  over = true
  const end = performance.now()
  return { total: end - start, longest: Math.max(longest, end - last), bytes: Buffer.byteLength(text) }
}

const labelsOf = (index: number) => ({ upstream: `upstream-${index % 20}`, route: `/v1/route/${index}` })
const seconds = (index: number) => 0.003 * 1.7 ** (index % 17)

function* observed(index: number): Generator<number> {
  for (let count = 0; count < 8; count++) yield seconds(index + count)
}

function distributions(): Distribution[] {
  return Array.from({ length: SERIES }, (_, index) => {
    const values = [...observed(index)]
    return {
      labels: labelsOf(index),
      bounds: BOUNDS,
      buckets: BOUNDS.map((bound) => values.filter((value) => value <= bound).length),
      sum: values.reduce((sum, value) => sum + value, 0),
      count: values.length,
    }
  })
}

function promClient(): Registry {
  const registry = new Registry()
  const labelNames = ['upstream', 'route']
  const about = { name: 'request_seconds', help: 'How long requests took.', buckets: BOUNDS }
  const histogram = new Histogram({ ...about, labelNames, registers: [registry] })
  for (let index = 0; index < SERIES; index++) {
    for (const value of observed(index)) histogram.observe(labelsOf(index), value)
  }
  return registry
}
