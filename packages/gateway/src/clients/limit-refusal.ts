import type { OutHeaders } from '../headers.ts'
import type { WireError } from '../reply.ts'
import type { Overspent } from '../usage/spending.ts'
import type { Rate } from './client-options.ts'

/** The limits that a client may have. */
export const limitNames = ['requests', 'tokens', 'concurrent', 'spend'] as const
export type LimitName = (typeof limitNames)[number]

/** A request that is over a limit of its client. */
export type Excess =
  | { readonly limit: 'requests'; readonly rate: Rate; readonly wait: number }
  | { readonly limit: 'tokens'; readonly rate: Rate; readonly wait: number; readonly asked: number }
  | { readonly limit: 'concurrent'; readonly most: number }
  | { readonly limit: 'spend'; readonly over: Overspent }

/** How it is told, with 429: what a client's library needs to know in order to wait, and to stop where waiting is in vain. */
export interface LimitRefusal {
  readonly limit: LimitName
  readonly headers: OutHeaders
  readonly error: WireError
}

/** What a client is told that is over a limit; `wallNow` is in ms since 1970. Where waiting is in vain, or for days, its library is told not to try again. */
export function limitRefusal(client: string, excess: Excess, wallNow: number): LimitRefusal {
  const wait = waitOf(excess, wallNow)
  const spent = excess.limit === 'spend' && excess.over.is === 'spent'
  return {
    limit: excess.limit,
    headers: {
      ...(wait < Infinity && {
        'retry-after': String(Math.max(1, Math.ceil(wait / 1_000))),
        'retry-after-ms': String(Math.ceil(wait)),
      }),
      ...(spent && { 'x-should-retry': 'false' }),
    },
    error: {
      message:
        excess.limit === 'spend'
          ? `${excess.over.message}${spent ? '' : again(wait)}`
          : `The client '${client}' ${why(excess)}.${again(wait)}`,
      type: spent ? 'insufficient_quota' : excess.limit,
      code: spent ? 'insufficient_quota' : 'rate_limit_exceeded',
      param: null,
    },
  }
}

function waitOf(excess: Excess, wallNow: number): number {
  if (excess.limit === 'concurrent') return whileBusy
  if (excess.limit !== 'spend') return excess.wait
  if (excess.over.is === 'in flight') return whileBusy
  return Math.max(0, (excess.over.until ?? Infinity) - wallNow)
}

function again(wait: number): string {
  if (wait === Infinity) return ''
  return ` Try again in ${wait < 10_000 ? `${Math.ceil(wait)} ms` : `${Math.ceil(wait / 1_000)} s`}.`
}

/** Nobody knows when one of several requests ends, in ms. */
const whileBusy = 1_000

function why(excess: Exclude<Excess, { limit: 'spend' }>): string {
  switch (excess.limit) {
    case 'requests':
      return `has used up its ${rated(excess.rate, 'requests')}`
    case 'tokens':
      return excess.wait === Infinity
        ? `may use ${rated(excess.rate, 'tokens')}, and the prompt alone takes about ${excess.asked}: send less at once`
        : `may use ${rated(excess.rate, 'tokens')}, and too few are left for a request of about ${excess.asked}`
    case 'concurrent':
      return `has ${excess.most} ${excess.most === 1 ? 'request' : 'requests'} in flight, and may have no more at the same time`
  }
}

const times: Readonly<Record<number, string>> = {
  1000: 'a second',
  60000: 'a minute',
  3600000: 'an hour',
  86400000: 'a day',
}

function rated({ limit, per }: Rate, what: string): string {
  return `${limit} ${what} ${times[per] ?? `in ${per} ms`}`
}
