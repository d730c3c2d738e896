import { explored } from './explored.ts'
import { leastFirst, type Places, type Standing } from './standing.ts'

/**
 * Who has the fewest calls in flight; of equals, the first in the file.
 *
 * All of them are looked at, as in Envoy's `FULL_SCAN` and nginx's `least_conn`: taking the better of two at random is for hundreds of hosts, or for
 * counts that others keep. Who fails at once has never anything in flight, and would draw everything to itself: it is put behind, and tried again
 * by a twentieth of the requests.
 */
export function leastLoaded(standings: readonly Standing[], random: () => number): Places {
  const places = leastFirst(standings, ({ failed, inFlight }) => (failed ? failedLoad : 0) + inFlight)
  return explored(places, (place) => (standings[place]!.failed ? 1 : 0), random)
}

/** More than can be in flight. */
const failedLoad = 2 ** 32
