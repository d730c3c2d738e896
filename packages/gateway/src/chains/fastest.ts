import { explored } from './explored.ts'
import { leastFirst, type Places, type Standing } from './standing.ts'

/**
 * Who begins to answer first in the mean (streams), or has answered first (what is wanted in one piece).
 *
 * One that was never asked is asked at once. One that keeps silent counts as no faster than its silence, so that one that hangs is left before any of its
 * calls is given up. One whose last call failed comes behind. Each that is not first is tried by a twentieth of the requests, divided by how many times
 * slower it is, so that finding out takes a request in the mean no more than a twentieth of the fastest one's time for each other link; the older
 * what is known, the less it counts against it. That is an ε-greedy choice (Sutton and Barto, Reinforcement Learning, 2.2) whose cost is bounded.
 */
export function fastest(standings: readonly Standing[], random: () => number): Places {
  const times = standings.map(expected)
  const best = Math.min(...times.filter((_, place) => !standings[place]!.failed))
  const worth = (place: number): number => {
    const { pace, silence } = standings[place]!
    if (pace === undefined || best <= 0) return 1
    const slower = Math.max(1, Math.max(pace.mean, silence) / best)
    return 1 / (1 + (slower - 1) * pace.fresh)
  }
  const places = leastFirst(
    standings,
    ({ failed }, place) => (failed ? behind : 0) + Math.min(times[place]!, behind - 1),
  )
  return explored(places, worth, random)
}

/** More ms than anybody waits. */
const behind = 2 ** 40

function expected({ asked, pace, silence }: Standing): number {
  if (!asked) return 0
  return pace === undefined ? Infinity : Math.max(pace.mean, silence)
}
