import type { Link, UpstreamLink } from './link.ts'

/** The links of a chain that a request may still be put to, in their order. */
export class WaitingLinks {
  readonly #links: Link[]

  constructor(links: readonly Link[]) {
    this.#links = [...links]
  }

  get some(): boolean {
    return this.#links.length > 0
  }

  next(): Link {
    return this.#links.shift()!
  }

  /** The first upstream whose breaker is not open and that is `able`, to be asked beside another. */
  spare(able: (link: UpstreamLink) => boolean): UpstreamLink | undefined {
    const place = this.#links.findIndex(
      (link) => link.is === 'upstream' && link.upstream.breaker.status().retryAfter === 0 && able(link),
    )
    return place === -1 ? undefined : (this.#links.splice(place, 1)[0] as UpstreamLink)
  }

  /** One that was asked in vain, through no fault of its own: it comes after the upstreams that were not, and before what is no upstream. */
  giveBack(link: UpstreamLink): void {
    this.#links.splice(this.#links.findLastIndex(({ is }) => is === 'upstream') + 1, 0, link)
  }
}
