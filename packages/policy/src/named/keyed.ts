/** Something kept for a key; one that is idle may be dropped, since a fresh one would do the same. */
export interface Keepable {
  readonly idle: boolean
  /** It must not be dropped, whatever it takes. */
  readonly pinned?: boolean
}

/*
 * One thing for each key, made when it is first asked for, and bounded.
 *
 * I1  Keys stand in the order in which they were last asked for.
 * I2  There are never more than `most`, but for pinned ones; a newcomer takes the place of the idle one not asked for the longest, or else of the eldest.
 */
export class Keyed<T extends Keepable> {
  readonly #all = new Map<string, T>()
  readonly #most: number
  readonly #make: (key: string) => T

  constructor(most: number, make: (key: string) => T) {
    this.#most = most
    this.#make = make
  }

  get size(): number {
    return this.#all.size
  }

  /** The one of that key. */
  get(key: string): T {
    const known = this.#all.get(key)
    if (known === undefined) {
      if (this.#all.size >= this.#most) this.#evict()
      const made = this.#make(key)
      this.#all.set(key, made)
      return made
    }
    if (this.#all.size > this.#most / 2) {
      this.#all.delete(key)
      this.#all.set(key, known)
    }
    return known
  }

  /** The one of that key, if there is one; asking does not keep it. */
  peek(key: string): T | undefined {
    return this.#all.get(key)
  }

  delete(key: string): boolean {
    return this.#all.delete(key)
  }

  clear(): void {
    this.#all.clear()
  }

  entries(): IterableIterator<[string, T]> {
    return this.#all.entries()
  }

  #evict(): void {
    let looked = 0
    let eldest: string | undefined
    for (const [key, { idle, pinned = false }] of this.#all) {
      if (idle) return void this.#all.delete(key)
      if (!pinned) eldest ??= key
      if (++looked >= 64 && eldest !== undefined) break
    }
    if (eldest !== undefined) this.#all.delete(eldest)
  }
}
