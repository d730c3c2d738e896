import {
  type Bulkhead,
  BulkheadFullError,
  bulkhead,
  type Clock,
  type Pipeline,
  type RateLimit,
  RateLimitError,
  rateLimit,
  wrap,
} from '@holdfast/policy'
import type { ChatRequest } from '../chat-request.ts'
import { overspent, type Spendings } from '../usage/spending.ts'
import type { ClientOptions, SpendLimit } from './client-options.ts'
import { estimatedTokens } from './estimated-tokens.ts'
import type { Standing, Standings } from './limit-headers.ts'
import { type Excess, type LimitName, limitNames } from './limit-refusal.ts'
import { TokenAllowance } from './token-allowance.ts'

/** What a client is made with. */
export interface ClientSurroundings {
  readonly clock: Clock
  /** Who knows what it has spent. */
  readonly spendings?: Spendings | undefined
}

/*
 * I1  A request that is refused has used nothing up, of any limit: what could refuse is asked before anything is taken, in the same turn of the loop.
 * I2  Whatever becomes of a request that was let in, its place is free again and its tokens are settled when its work is over.
 */

/** Whose request it is: one of those that the configuration gives a key, and how its limits stand in this process. */
export class Client {
  readonly name: string
  /** Whether its streams are kept back until they are whole. */
  readonly buffered: boolean
  /** The most that it may spend. */
  readonly spend: SpendLimit | undefined
  /** Requests that were let in. */
  admitted = 0
  /** Requests that were not, by the limit that they were over. */
  readonly refused: Readonly<Record<LimitName, number>>
  readonly #counts: Record<LimitName, number>
  readonly #options: ClientOptions
  readonly #around: ClientSurroundings
  readonly #chains: ReadonlySet<string> | undefined
  readonly #requests: RateLimit | undefined
  readonly #concurrent: Bulkhead | undefined
  readonly #tokens: TokenAllowance | undefined
  readonly #limits: Pipeline

  constructor(name: string, options: ClientOptions, around: ClientSurroundings) {
    const { chains, requests, tokens, concurrent, spend, buffered = false } = options
    const { clock, spendings } = around
    if (spend && !spendings)
      throw new TypeError(
        `the client '${name}' has a limit of spend, and there is no ledger to hold it against`,
      )
    this.name = name
    this.buffered = buffered
    this.spend = spend
    this.#options = options
    this.#around = around
    this.#counts = Object.fromEntries(limitNames.map((each) => [each, 0])) as Record<LimitName, number>
    this.refused = this.#counts
    this.#chains = chains && new Set(chains)
    this.#requests = requests && rateLimit({ ...requests, clock })
    this.#concurrent = concurrent === undefined ? undefined : bulkhead({ limit: concurrent, clock })
    this.#tokens = tokens && new TokenAllowance(tokens, clock)
    this.#limits = wrap(...[this.#concurrent, this.#requests].filter((each) => each !== undefined))
  }

  /** Whether it may ask that chain. */
  mayAsk(chain: string): boolean {
    return this.#chains?.has(chain) ?? true
  }

  /** How its limits stand now. */
  standings(): Standings {
    return { requests: this.#requests && requestStanding(this.#requests), tokens: this.#tokens }
  }

  /**
   * Does the work, unless a limit forbids it: then the answer is which. The work answers how many tokens it took; `undefined` where nobody knows, and
   * then they were as many as were estimated. What the work rejects with, this rejects with.
   */
  async admit(request: ChatRequest, work: () => Promise<number | undefined>): Promise<Excess | undefined> {
    const { input, output } = this.#tokens ? estimatedTokens(request) : nothing
    const excess = this.#overSpent() ?? this.#overTokens(input, output)
    if (excess) return this.#refuse(excess)
    let begun = false
    const { ok, error } = await this.#limits.attempt(async () => {
      begun = true
      this.admitted++
      const reserved = this.#reservation(input, output)
      const settle = this.#tokens?.reserve(reserved)
      let used: number | undefined = 0
      try {
        used = await work()
      } finally {
        settle?.(used ?? reserved)
      }
    })
    if (ok) return undefined
    if (begun) throw error
    const { requests, concurrent } = this.#options
    if (error instanceof RateLimitError)
      return this.#refuse({ limit: 'requests', rate: requests!, wait: error.retryAfter })
    if (error instanceof BulkheadFullError) return this.#refuse({ limit: 'concurrent', most: concurrent! })
    throw error
  }

  #overSpent(): Excess | undefined {
    const { spendings } = this.#around
    const over = spendings && overspent(this, spendings)
    return over && { limit: 'spend', over }
  }

  #overTokens(input: number, output: number): Excess | undefined {
    const allowance = this.#tokens
    if (!allowance) return undefined
    const rate = this.#options.tokens!
    if (input > allowance.limit) return { limit: 'tokens', rate, wait: Infinity, asked: input }
    const asked = this.#reservation(input, output)
    const wait = allowance.wait(asked)
    return wait > 0 ? { limit: 'tokens', rate, wait, asked } : undefined
  }

  /** A client that always allows long answers would get none, were all of what it allows reserved: the whole limit is enough. */
  #reservation(input: number, output: number): number {
    return Math.min(input + output, this.#tokens?.limit ?? 0)
  }

  #refuse(excess: Excess): Excess {
    this.#counts[excess.limit]++
    return excess
  }
}

const nothing = { input: 0, output: 0 } as const

function requestStanding(limit: RateLimit): Standing {
  const { limit: most, per, available } = limit.status()
  return { limit: most, left: available, full: ((most - available) * per) / most }
}
