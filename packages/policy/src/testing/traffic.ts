import type { Random } from '../time/clock.ts'
import type { LoadShape } from './load-shapes.ts'

/** Calls as they would come and go if all were let in: what becomes of a call is settled before anyone decides about it. */
export interface Traffic {
  readonly calls: number
  /** When each call comes, in ms, ascending. */
  readonly start: Float64Array
  /** How long each would take, in ms. */
  readonly took: Float64Array
  /** 1 for a call that would fail. */
  readonly failed: Uint8Array
  /** The calls in the order in which they would end. */
  readonly ending: Uint32Array
}

/** How far, as a standard deviation of its logarithm, latency is spread: the slowest of a hundred calls takes 3.2 times the median. */
const SPREAD = 0.5

/** Calls of one shape: Poisson arrivals, log-normal latency. */
export function traffic(shape: LoadShape, random: Random): Traffic {
  const start: number[] = []
  const took: number[] = []
  const failed: number[] = []
  for (let time = 0; ; ) {
    const now = shape.at(time)
    time += (-Math.log(1 - random()) / now.rate) * 1_000
    if (time >= shape.duration) break
    const fails = random() < now.failing
    start.push(time)
    failed.push(fails ? 1 : 0)
    took.push(fails ? now.failsAfter : now.latency * Math.exp(SPREAD * normal(random)))
  }
  return {
    calls: start.length,
    start: Float64Array.from(start),
    took: Float64Array.from(took),
    failed: Uint8Array.from(failed),
    ending: byEnd(start, took),
  }
}

/** A standard normal number. Source: Box and Muller, 1958. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Insertion sort: calls end almost in the order in which they start. */
function byEnd(start: readonly number[], took: readonly number[]): Uint32Array {
  const order = new Uint32Array(start.length)
  const ends = (call: number) => start[call]! + took[call]!
  for (let call = 0; call < order.length; call++) {
    let place = call
    for (; place > 0 && ends(order[place - 1]!) > ends(call); place--) order[place] = order[place - 1]!
    order[place] = call
  }
  return order
}
