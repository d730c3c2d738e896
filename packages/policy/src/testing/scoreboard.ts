import type { Trip } from '../breaker/trip.ts'
import { seededRandom } from './fake-random.ts'
import { type Judgement, judge, losses } from './judge.ts'
import type { LoadShape } from './load-shapes.ts'
import { traffic } from './traffic.ts'

/** How one trip did on one shape, over all seeds. */
export interface Score {
  readonly shape: string
  readonly trip: string
  readonly runs: number
  /** In how many of `runs` it opened while something was wrong. */
  readonly detected: number
  /** In how many of `runs` it opened in time, if the shape says that it ought to open. */
  readonly inTime: number | undefined
  /** Ms from the start of the fault until it opened: the middle run, and the worst that did. */
  readonly detectedAfter: number | undefined
  readonly detectedAtWorst: number | undefined
  /** Times it opened with nothing wrong, in all runs together. */
  readonly falseTrips: number
  /** The average run: see `Judgement`. */
  readonly failed: number
  readonly goodRefused: number
  readonly wasted: number
  /** The average run's losses, in failed calls: where a refused call is lost, and where a fallback answers it. */
  readonly alone: number
  readonly fallback: number
}

/** Judges every trip on every shape, all on the same traffic, once for each seed from 1 to `seeds`. */
export function scoreboard(
  trips: Readonly<Record<string, Trip>>,
  shapes: readonly LoadShape[],
  seeds: number,
): Score[] {
  return shapes.flatMap((shape) => {
    const judged = new Map(Object.keys(trips).map((name) => [name, [] as Judgement[]]))
    for (let seed = 1; seed <= seeds; seed++) {
      const calls = traffic(shape, seededRandom(seed))
      for (const [name, trip] of Object.entries(trips)) judged.get(name)!.push(judge(trip, shape, calls))
    }
    return [...judged].map(([name, runs]) => score(name, shape, runs))
  })
}

function score(trip: string, shape: LoadShape, runs: readonly Judgement[]): Score {
  const mean = (of: (run: Judgement) => number) => runs.reduce((sum, run) => sum + of(run), 0) / runs.length
  const times = runs.flatMap(({ detectedAfter }) => detectedAfter ?? []).sort((one, other) => one - other)
  const allowed = shape.openBy === undefined ? undefined : shape.openBy - shape.fault!.from
  return {
    shape: shape.name,
    trip,
    runs: runs.length,
    detected: times.length,
    inTime: allowed === undefined ? undefined : times.filter((time) => time <= allowed).length,
    detectedAfter: times[Math.floor(times.length / 2)],
    detectedAtWorst: times.at(-1),
    falseTrips: runs.reduce((sum, run) => sum + run.falseTrips, 0),
    failed: mean((run) => run.failed),
    goodRefused: mean((run) => run.goodRefused),
    wasted: mean((run) => run.wasted),
    alone: mean((run) => losses(run, 'alone')),
    fallback: mean((run) => losses(run, 'fallback')),
  }
}
