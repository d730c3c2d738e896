/**
 * Values by key, bounded in number and in total size; sizes are in whatever unit the caller has.
 *
 * I1  Keys stand in the order in which they were last read or written.
 * I2  There are never more than `max`, and their sizes never sum up to more than `maxSize`: the one not used for the longest goes first.
 * I3  `total` is the sum of the sizes of what is there.
 */
export class Lru<V> {
  readonly #max: number
  readonly #maxSize: number
  readonly #all = new Map<string, { readonly value: V; readonly size: number }>()
  /** The key read or written last; it stands at the end already, if it is still there. */
  #latest: string | undefined
  #total = 0

  constructor(max: number, maxSize = Infinity) {
    this.#max = max
    this.#maxSize = maxSize
  }

  get size(): number {
    return this.#all.size
  }

  get total(): number {
    return this.#total
  }

  /** The value of that key, which thereby has been used. */
  get(key: string): V | undefined {
    const kept = this.#all.get(key)
    if (kept === undefined) return undefined
    if (key !== this.#latest) {
      this.#all.delete(key)
      this.#all.set(key, kept)
      this.#latest = key
    }
    return kept.value
  }

  /** The value of that key; looking does not use it. */
  peek(key: string): V | undefined {
    return this.#all.get(key)?.value
  }

  /** Keeps a value in the place of the key's old one; one that is larger than all may be is not kept. */
  set(key: string, value: V, size = 0): void {
    this.delete(key)
    if (size > this.#maxSize) return
    for (const eldest of this.#all.keys()) {
      if (this.#all.size < this.#max && this.#total + size <= this.#maxSize) break
      this.delete(eldest)
    }
    this.#all.set(key, { value, size })
    this.#latest = key
    this.#total += size
  }

  delete(key: string): boolean {
    const kept = this.#all.get(key)
    if (kept === undefined) return false
    this.#all.delete(key)
    this.#total = this.#all.size === 0 ? 0 : this.#total - kept.size
    return true
  }

  clear(): void {
    this.#all.clear()
    this.#total = 0
  }
}
