import type { BreakerEvent } from '@holdfast/policy'
import type { LinkFailure } from './journey.ts'

/** What happened to a request, told when it has ended (`ms` is from the last byte of the request to the last of its answer), and to a breaker. */
export type GatewayEvent =
  | Exclude<BreakerEvent, { type: 'breaker.rejected' }>
  | (Told & { readonly type: 'chain.answered'; readonly link: string; readonly attempts: number })
  | (Told & { readonly type: 'chain.exhausted' })
  | (Told & { readonly type: 'chain.broke-off' })

interface Told {
  readonly chain: string
  readonly failures: readonly LinkFailure[]
  readonly ms: number
}
