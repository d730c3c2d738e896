import type { Places } from './standing.ts'

/** The part of the requests by which a link is tried that would not be asked first. */
const share = 1 / 20

/** Has one of those behind tried first, now and then: each for a twentieth of the requests, times what `worth` (from 0 to 1) says of it. */
export function explored(places: Places, worth: (place: number) => number, random: () => number): Places {
  let left = random()
  for (const place of places.slice(1)) {
    left -= share * worth(place)
    if (left < 0) return [place, ...places.filter((other) => other !== place)]
  }
  return places
}
