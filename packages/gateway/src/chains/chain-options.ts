import type { CacheOptions } from '../cache/chain-cache.ts'
import type { UpstreamPolicy } from '../upstream.ts'

/**
 * Who is asked first: the first of the list (`cascade`); by chance and weight; whoever has least to do; whoever asks least for its tokens; whoever begins
 * to answer first. The others follow, so that they can take over.
 */
export type Order = 'cascade' | 'weighted' | 'least-loaded' | 'cheapest' | 'fastest'

/** An upstream, `upstream/model`, `rules` or `stale`, and what is said of it in one chain. */
export interface LinkOptions {
  readonly link: string
  /** Its part of the requests of a `weighted` chain, as against those of the others (1); with 0 it only takes over. */
  readonly weight?: number | undefined
  /** In place of the upstream's own, but for the breaker and the time to connect: those are the upstream's. */
  readonly policy?: UpstreamPolicy | undefined
}

/** A chain of links, and who of them is asked when. Times are ms. */
export interface ChainOptions {
  readonly links: readonly (string | LinkOptions)[]
  /** By default `cascade`. */
  readonly order?: Order | undefined
  /** Asks the next link too when the first token (or a whole answer) is so late; `share` is the part of requests that may be. */
  readonly hedge?: { readonly after: number; readonly share?: number | undefined } | undefined
  /** Gives the same answer again to the same request, `for` so long; up to `stale` later, where a link of the chain is `stale` and no other answers. */
  readonly cache?: CacheOptions | undefined
  /** Keeps streams back until they are whole. */
  readonly stream?: 'buffered' | undefined
}

/** A chain in its full form. */
export interface FullChain extends Omit<ChainOptions, 'links'> {
  readonly links: readonly LinkOptions[]
}

export function fullChain(said: ChainOptions | ChainOptions['links']): FullChain {
  const options = 'links' in said ? said : { links: said }
  return {
    ...options,
    links: options.links.map((each) => (typeof each === 'string' ? { link: each } : each)),
  }
}
