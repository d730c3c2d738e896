import type { BreakerEvent } from '@holdfast/policy'
import type { LimitName } from './clients/limit-refusal.ts'
import type { Identity } from './identity.ts'
import type { LinkFailure } from './journey.ts'

/**
 * What happened to a request, told when it has ended (`ms` is from the last byte of the request to the last of its answer), and to a breaker.
 *
 * `request` is whose doing it was: the request that ended, or the one whose call changed the breaker; absent for what an operator did.
 */
export type GatewayEvent = Happening & { readonly request?: Identity }

/** An event, before it is known which request it is about. */
export type Happening =
  | Exclude<BreakerEvent, { type: 'breaker.rejected' }>
  | (Told & { readonly type: 'chain.answered'; readonly link: string })
  | (Told & { readonly type: 'chain.exhausted' })
  | (Told & { readonly type: 'chain.broke-off' })
  /** The provider said that the request is at fault, and its words went to the client. */
  | (Told & { readonly type: 'chain.refused'; readonly link: string; readonly status: number })
  /** The client went away. */
  | (Told & { readonly type: 'chain.cancelled' })
  /** It was given what is kept, or what another request was being answered: `link` had said it. */
  | (Told & { readonly type: 'chain.reused'; readonly how: 'hit' | 'joined'; readonly link: string })
  /** The disk does not take answers, so that they are kept in memory alone; told once, until it does again. */
  | { readonly type: 'cache.failed'; readonly error: unknown }
  /** A provider does not know a key (401) or does not let it in (403); told once, until it works again. `key` is its number, from 1. */
  | {
      readonly type: 'key.refused'
      readonly upstream: string
      readonly key: number
      readonly status: number
    }
  /** A client was over one of its limits, and nobody was asked. */
  | {
      readonly type: 'client.refused'
      readonly client: string
      readonly chain: string
      readonly limit: LimitName
    }
  /** A mistake of the gateway's own, which the client was told nothing about but that it happened. */
  | { readonly type: 'route.failed'; readonly route: string; readonly error: unknown }

/** How the links of a chain were asked. */
export type RequestEnded = Extract<
  Happening,
  { type: 'chain.answered' | 'chain.exhausted' | 'chain.broke-off' | 'chain.refused' | 'chain.cancelled' }
>

interface Told {
  readonly chain: string
  /** Whose request it was, where clients have keys. */
  readonly client?: string
  /** Calls that went out to upstreams, over all links. */
  readonly attempts: number
  readonly failures: readonly LinkFailure[]
  readonly ms: number
}
