/*
 * I1  What a client's requests hold never comes to more than `most` bytes.
 * I2  What a request holds is free again once, and then it holds nothing more.
 */

/** Where the body of one request is held. */
export interface BodyPlace {
  /** Holds so many bytes more; false where there is no room for them. */
  take(bytes: number): boolean
  free(): void
}

/** Room in memory for the bodies of requests until these are over: so much for each client, and for all together where clients have no keys. */
export class BodyRoom {
  readonly #most: number
  readonly #held = new Map<string, number>()

  /** Bytes for each client (512 MiB). */
  constructor(most = 512 * 1024 * 1024) {
    this.#most = most
  }

  place(client: string): BodyPlace {
    const held = this.#held
    let own = 0
    let over = false
    return {
      take: (bytes) => {
        const all = (held.get(client) ?? 0) + bytes
        if (over || all > this.#most) return false
        own += bytes
        held.set(client, all)
        return true
      },
      free: () => {
        const left = (held.get(client) ?? 0) - own
        own = 0
        over = true
        if (left > 0) held.set(client, left)
        else held.delete(client)
      },
    }
  }
}
