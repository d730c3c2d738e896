import { kinds } from '../traffic/exchange.ts'
import { residentBytes } from '../traffic/process-cost.ts'
import type { Target } from './target.ts'

/** Resident memory minute by minute, in MB, and by how much the second half of the time rose, in MB an hour (least squares). */
export type Flat = { minutes: number; requests: number; megabytes: number[]; slope: number }

/** Asks at a steady rate, JSON and streams in turn, ten seconds each, and notes once a minute how large the process is. */
export async function flat(
  { load, pid }: Target,
  { minutes, rate }: { minutes: number; rate: number },
): Promise<Flat> {
  const megabytes: number[] = []
  let requests = 0
  for (let minute = 1; minute <= minutes; minute++) {
    for (let turn = 0; turn < 6; turn++) {
      await load.paced(kinds[turn % kinds.length]!, { rate, duration: 10_000 })
      requests += rate * 10
    }
    megabytes.push(Math.round(residentBytes(pid!) / 1e5) / 10)
    console.error(`minute ${minute}/${minutes}: ${megabytes.at(-1)} MB`)
  }
  return { minutes, requests, megabytes, slope: slope(megabytes.slice(Math.floor(minutes / 2))) * 60 }
}

/** For a person to read. */
export function flatTable({ minutes, requests, megabytes, slope: rise }: Flat): string {
  const [first] = megabytes
  return [
    `${requests} requests in ${minutes} minutes`,
    `after the first minute ${first} MB, at the end ${megabytes.at(-1)} MB, at most ${Math.max(...megabytes)} MB`,
    `over the second half ${rise.toFixed(1)} MB an hour`,
  ].join('\n')
}

function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length
  const over = values.reduce((sum, each, at) => sum + (at - middle) * (each - mean), 0)
  const under = values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0)
  return under === 0 ? 0 : over / under
}
