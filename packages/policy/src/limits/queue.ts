/*
 * I1  Levels stand in descending order of rank, and none is empty.
 * I2  Within a level, places stand in the order in which they were taken.
 * I3  `size` is the number of places in the queue; a place leaves it once.
 */

interface Level<T> {
  readonly rank: number
  size: number
  first: Place<T> | undefined
  last: Place<T> | undefined
}

/** A place in a queue: give it back to `remove`. */
export class Place<T> {
  readonly item: T
  readonly rank: number
  level: Level<T> | undefined
  before: Place<T> | undefined = undefined
  behind: Place<T> | undefined = undefined

  constructor(item: T, level: Level<T>) {
    this.item = item
    this.rank = level.rank
    this.level = level
    this.before = level.last
  }
}

/**
 * A queue in which a higher rank stands further ahead, and equal ranks stand in the order of coming.
 *
 * Taking a place out costs the same wherever it is; adding one costs the logarithm of the number of different ranks.
 */
export class Queue<T> {
  readonly #levels: Level<T>[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  get first(): Place<T> | undefined {
    return this.#levels[0]?.first
  }

  get last(): Place<T> | undefined {
    return this.#levels.at(-1)?.last
  }

  add(item: T, rank: number): Place<T> {
    const level = this.#level(rank)
    const place = new Place(item, level)
    if (level.last === undefined) level.first = place
    else level.last.behind = place
    level.last = place
    level.size++
    this.#size++
    return place
  }

  /** Takes a place out; whether it was still in. */
  remove(place: Place<T>): boolean {
    const { level, before, behind } = place
    if (level === undefined) return false
    if (before === undefined) level.first = behind
    else before.behind = behind
    if (behind === undefined) level.last = before
    else behind.before = before
    place.level = place.before = place.behind = undefined
    this.#size--
    if (--level.size === 0) this.#levels.splice(this.#find(level.rank), 1)
    return true
  }

  /** How many would stand ahead of a newcomer of that rank. */
  ahead(rank: number): number {
    let ahead = 0
    for (const level of this.#levels) {
      if (level.rank < rank) break
      ahead += level.size
    }
    return ahead
  }

  #level(rank: number): Level<T> {
    const index = this.#find(rank)
    const known = this.#levels[index]
    if (known?.rank === rank) return known
    const opened: Level<T> = { rank, size: 0, first: undefined, last: undefined }
    this.#levels.splice(index, 0, opened)
    return opened
  }

  /** Where the level of that rank is, or would be. */
  #find(rank: number): number {
    let low = 0
    let high = this.#levels.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#levels[middle]!.rank > rank) low = middle + 1
      else high = middle
    }
    return low
  }
}
