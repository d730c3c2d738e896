import type { Call } from './caller.ts'

/** Who of the two a provider is to the gateway. */
export type Role = 'primary' | 'fallback'

/** What a provider does to one request; `for` is in ms, `words` were sent before. */
export type Act =
  | { readonly does: 'answer' }
  | {
      readonly does: 'refuse'
      readonly status: number
      readonly code: string
      readonly retryAfter?: number
    }
  | { readonly does: 'reset' }
  | { readonly does: 'be silent'; readonly for: number }
  | { readonly does: 'think'; readonly for: number }
  | { readonly does: 'cut'; readonly words: number }
  | { readonly does: 'stall'; readonly words: number; readonly for: number }
  | { readonly does: 'garble'; readonly event: number }
  | { readonly does: 'forget [DONE]' }

/** One request to a provider, and when in its scenario it came. */
export interface Asked {
  readonly role: Role
  /** Of this role, from 1. */
  readonly nth: number
  readonly at: number
  /** Whether the last message is an assistant's, which the answer is to go on with. */
  readonly prefilled: boolean
}

/** What both sides saw. */
export interface Evidence {
  readonly calls: readonly Call[]
  readonly seen: readonly Asked[]
}

/** What has to hold besides a whole answer: `required` makes a scenario fail where it does not, else it is only partly passed. */
export interface Check {
  readonly says: string
  readonly required: boolean
  readonly holds: (evidence: Evidence) => boolean
}

/** One fault of a provider, and what a correct gateway makes of it. Times are ms. */
export interface Scenario {
  readonly id: string
  readonly title: string
  readonly act: (asked: Asked) => Act
  /** The requests that are sent, and how far apart. */
  readonly requests: number
  readonly every: number
  /** What is longer is a hang. */
  readonly within: number
  /** The error of the provider is the right answer. */
  readonly refusal?: RegExp
  /** The gateway is told that the fallback goes on with a prefill. */
  readonly prefill?: boolean
  readonly checks: readonly Check[]
}
