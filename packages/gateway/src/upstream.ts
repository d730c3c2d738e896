import type { Breaker, BreakerOptions, Clock, Pipeline, RetryOptions } from '@holdfast/policy'
import { Pool } from 'undici'
import { Pulse } from './chains/pulse.ts'
import type { Dialect } from './dialects/dialect.ts'
import type { Happening } from './gateway-event.ts'
import { providerOf } from './gen-ai.ts'
import { type AnswerHead, KeyRing } from './keys/key-ring.ts'
import type { Passage } from './passages/passage.ts'
import { type Patience, patienceDefaults } from './patience.ts'
import { type ProviderPipeline, providerPipeline } from './provider-pipeline.ts'
import { type Capabilities, capabilities } from './providers/capabilities.ts'
import type { Prefill } from './stream/prefill.ts'
import { UpstreamTally } from './tally.ts'

/** A provider of language models, and how to call it. Times are ms. */
export interface UpstreamOptions {
  /** What it speaks; with `both`, each client is heard in its own. */
  readonly dialect: Dialect | 'both'
  /** `https://api.deepseek.com`, or with the path that its clients take for their base: `https://openrouter.ai/api/v1`. */
  readonly url: string
  /** What Anthropic clients take for their base, where that is another place on the same server. */
  readonly anthropicUrl?: string | undefined
  /** How the key goes to the Anthropic wire; by default in `x-api-key`. */
  readonly anthropicKey?: 'x-api-key' | 'bearer' | undefined
  readonly key?: string | undefined
  /** Several in place of `key`: they take turns, and one that its provider throttles or does not know rests while the others go on. */
  readonly keys?: readonly string[] | undefined
  /** Whether its models call tools, and whether they take images; what is not said is as it is known of each model. */
  readonly tools?: boolean | undefined
  readonly vision?: boolean | undefined
  /** How many tokens its models take: a request that is too long is not sent on to one that takes no more. */
  readonly context?: number | undefined
  /** Asked for where a chain names the upstream alone; without it the client's own `model` goes through. */
  readonly model?: string | undefined
  /** How it can be asked to go on with an answer that broke off elsewhere; `true` is `plain`, `false` not at all. By default as it is known of each model. */
  readonly prefill?: Prefill | boolean | undefined
  /** Whether it is asked for streams even where the client wants one piece, so that its silence is noticed early; by default not. */
  readonly streams?: boolean | undefined
  /** Whether it answers OpenAI's `POST /v1/responses` too; by default not. */
  readonly responses?: boolean | undefined
  readonly policy?: UpstreamPolicy | undefined
}

export interface UpstreamPolicy {
  readonly retry?: Pick<RetryOptions, 'attempts' | 'backoff'> | undefined
  /** The name of the budget that all upstreams of this policy share. */
  readonly budget?: string | undefined
  /** `successes` are the probes in a row that must succeed before it closes (2). */
  readonly breaker?: Pick<BreakerOptions, 'failures' | 'openFor' | 'successes'> | undefined
  readonly timeout?: Partial<Patience & { readonly connect: number; readonly total: number }> | undefined
}

/** An upstream with its connections and its policy, shared by all requests. */
export interface Upstream {
  readonly name: string
  readonly key: string | undefined
  readonly model: string | undefined
  /** Where each dialect is spoken, and where what passes through goes. */
  readonly paths: Readonly<Record<Dialect | Passage, string>>
  readonly passes: ReadonlySet<Passage>
  /** Whether its key is a bearer's in Anthropic's wire too. */
  readonly bearer: boolean
  /** What it is spoken to in for a client of that dialect. */
  speaks(client: Dialect): Dialect
  readonly host: string
  /** Whose it is, as traces have it. */
  readonly provider: string
  readonly pool: Pool
  readonly patience: Patience
  readonly streams: boolean
  /** What it turned out not to tell if it is asked. */
  readonly silent: { ofUsage: boolean }
  /** How long a call waits for a key at most, in ms: as long as a retry may wait. */
  readonly longestWait: number
  /** Itself, with the key whose turn it is to ask for a model; where all keys rest, how long in ms. */
  turn(model: string | undefined): Upstream | number
  /** Whether it has more keys than were tried, and one of them may be used now. */
  spare(tried: number, model: string | undefined): boolean
  /** What the head of an answer says about the key that was sent. */
  answered(head: AnswerHead): void
  /** A call with its key for a model has come to nothing, without a head. */
  unanswered(model: string | undefined): void
  readonly breaker: Breaker
  /** Retry around breaker around time-out: what every call to this provider goes through. */
  readonly pipeline: Pipeline
  readonly tally: UpstreamTally
  /** What one of its models can do, as far as that is said or known. */
  able(model: string): Capabilities
  /** How one of its models does now. */
  pulse(model: string | undefined): Pulse
  /** Itself under another policy. Its breaker and its connections stay: a provider that is dead is dead for whoever asks it. */
  under(policy: UpstreamPolicy): Upstream
  close(): Promise<void>
}

export interface UpstreamSetting {
  readonly clock: Clock
  readonly random: () => number
  readonly tell: (event: Happening) => void
}

export function upstream(
  name: string,
  options: UpstreamOptions,
  { clock, random, tell }: UpstreamSetting,
): Upstream {
  const url = new URL(options.url)
  const anthropicUrl = new URL(options.anthropicUrl ?? options.url)
  const policy = options.policy ?? {}
  const calls = providerPipeline(name, policy, { clock, random })
  const pool = new Pool(url.origin, {
    connect: { timeout: policy.timeout?.connect ?? patienceDefaults.connect },
    pipelining: 1,
    allowH2: false, // a call has its connection to itself, so that one broken connection is one broken call
    keepAliveTimeout: 30_000,
  })
  const keys = options.keys?.length ? options.keys : [options.key]
  const ring = new KeyRing({
    size: keys.length,
    clock,
    refused: (nth, status) => tell({ type: 'key.refused', upstream: name, key: nth + 1, status }),
  })
  const { tools, vision, context } = options
  const prefill = options.prefill === true ? 'plain' : options.prefill
  const said = { tools, vision, context, prefill } as const
  const abilities = new Map<string, Capabilities>()
  const pulses = new Map<string | undefined, Pulse>()
  const shared = {
    name,
    model: options.model,
    paths: {
      openai: openaiPath(url, 'chat/completions'),
      embeddings: openaiPath(url, 'embeddings'),
      responses: openaiPath(url, 'responses'),
      anthropic: anthropicPath(anthropicUrl, 'messages'),
      count_tokens: anthropicPath(anthropicUrl, 'messages/count_tokens'),
    },
    passes: passagesOf(options),
    bearer: options.anthropicKey === 'bearer',
    speaks: (client: Dialect) => (options.dialect === 'both' ? client : options.dialect),
    host: url.hostname,
    provider: providerOf(url.hostname, name),
    pool,
    streams: options.streams ?? false,
    silent: { ofUsage: false },
    spare: (tried: number, model: string | undefined) => ring.spare(tried, model),
    tally: new UpstreamTally(),
    able: (model: string) => {
      const known = abilities.get(model) ?? capabilities(model, url.hostname, said)
      abilities.set(model, known)
      return known
    },
    pulse: (model: string | undefined) => {
      const pulse = pulses.get(model) ?? new Pulse()
      pulses.set(model, pulse)
      return pulse
    },
    under: (other: UpstreamPolicy) =>
      seated(other, providerPipeline(name, other, { clock, random, breaker: calls.breaker })),
    close: () => pool.destroy(),
  }
  const seated = (policy: UpstreamPolicy, calls: ProviderPipeline): Upstream => {
    const turn = (model: string | undefined): Upstream | number => {
      const nth = ring.next(model)
      return nth === undefined ? ring.rest(model) : seats[nth]!
    }
    const longestWait = longestWaitOf(policy.retry?.backoff)
    const seats = keys.map(
      (key, nth): Upstream => ({
        ...shared,
        ...calls,
        longestWait,
        turn,
        key,
        answered: (head) => ring.answered(nth, head),
        unanswered: (model) => ring.over(nth, model),
      }),
    )
    return seats[0]!
  }
  return seated(policy, calls)
}

/** A base without a path gets `/v1`, as providers' own clients do. */
function openaiPath(url: URL, place: string): string {
  const base = url.pathname.replace(/\/+$/, '')
  return `${base === '' ? '/v1' : base}/${place}${url.search}`
}

/** Anthropic's own clients put `/v1` behind a base, whatever it is; one that has it already is not given it twice. */
function anthropicPath(url: URL, place: string): string {
  const base = url.pathname.replace(/\/+$/, '')
  return `${base}${base.endsWith('/v1') ? '' : '/v1'}/${place}${url.search}`
}

function passagesOf({ dialect, responses }: UpstreamOptions): ReadonlySet<Passage> {
  const openai: Passage[] = responses ? ['embeddings', 'responses'] : ['embeddings']
  return new Set([
    ...(dialect === 'anthropic' ? [] : openai),
    ...(dialect === 'openai' ? [] : (['count_tokens'] as const)),
  ])
}

function longestWaitOf(backoff: RetryOptions['backoff']): number {
  return typeof backoff === 'object' && 'max' in backoff && backoff.max !== undefined ? backoff.max : 5_000
}
