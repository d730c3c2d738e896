import { leastFirst, type Places, type Standing } from './standing.ts'

/**
 * By chance and weight: of all links, and then of those that are left, each comes next with the chance of its weight.
 *
 * With `draw` from 0 to below 1 for each, the least of -ln(draw) / weight comes first. Drawn at random, that is sampling without replacement (Efraimidis and
 * Spirakis, Weighted random sampling with a reservoir, 2006); drawn from a hash of a conversation and the link, it is weighted rendezvous hashing, where a link
 * that comes or goes moves no other conversation than its own. A weight of 0 comes last.
 */
export function weighted(standings: readonly Standing[], draw: (place: number) => number): Places {
  return leastFirst(
    standings,
    ({ weight }, place) => -Math.log(Math.max(draw(place), Number.MIN_VALUE)) / weight,
  )
}
