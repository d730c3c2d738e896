import type { Clock } from '@holdfast/policy'
import type { ActiveSpan } from '@holdfast/telemetry/traces'
import type { Pulse } from './chains/pulse.ts'
import type { ChatRequest } from './chat-request.ts'
import { genAi } from './gen-ai.ts'
import type { Journey } from './journey.ts'
import { record } from './json-value.ts'
import type { Reply } from './reply.ts'
import type { Tally, UpstreamTally } from './tally.ts'
import type { AttemptEnd, Metered } from './usage/account.ts'
import { charactersIn } from './usage/said-tokens.ts'
import { toldTokens } from './usage/told-tokens.ts'
import type { Used } from './usage/used.ts'

/** The attempt whose answer is noted, and where it is counted. */
export interface Noted {
  readonly upstream: { readonly tally: UpstreamTally }
  readonly link: string
  /** Of the model that is asked. */
  readonly pulse: Pulse
  readonly request: Pick<ChatRequest, 'stream' | 'passage'>
  readonly tally: Tally
  readonly journey: Journey
  readonly reply: Pick<Reply, 'begun'>
  readonly clock: Clock
}

/**
 * What a provider's answer says about itself: its tokens and its pace are counted; with its model and why it ended they stand on the span of its
 * attempt as well, if there is one. Never a word of the answer.
 */
export class AnswerNotes implements Metered {
  readonly #of: Noted
  readonly #span: ActiveSpan | undefined
  readonly #began: number
  readonly #pulse: Pulse | undefined
  readonly #reasons: string[] = []
  #model: string | undefined
  #first = 0
  #last = 0
  told: Used | undefined
  pieces = 0
  characters = 0
  sent = false
  headStatus: number | undefined

  constructor(of: Noted, span: ActiveSpan | undefined) {
    this.#of = of
    this.#span = span
    this.#began = of.clock.now()
    // Counting tokens is no work for the model.
    if (of.request.passage !== 'count_tokens') this.#pulse = of.pulse
    this.#pulse?.began(this.#began, of.request.stream)
    of.journey.account?.began(this)
  }

  get link(): string {
    return this.#of.link
  }

  status(status: number): void {
    this.headStatus = status
    this.#span?.setAttribute('http.response.status_code', status)
  }

  /** Content of a stream is here, and has not gone to the client yet. */
  content(chunk: Readonly<Record<string, unknown>>): void {
    this.#last = this.#of.clock.now()
    if (this.pieces++ === 0) this.#firstContent()
    this.read(chunk)
  }

  /** A whole answer, or a piece of a streamed one. */
  read(json: Readonly<Record<string, unknown>>): void {
    const usage = record(json['usage'])
    // A provider that tells them several times in a stream tells the sum so far.
    if (usage) this.told = toldTokens(usage, this.told) ?? this.told
    this.characters += charactersIn(json)
    if (this.#span) this.#describe(json, this.#span)
  }

  /** The attempt is over. */
  over(end: AttemptEnd): void {
    const { clock, upstream, tally, link, journey, request } = this.#of
    journey.account?.over(this, end)
    const now = clock.now()
    const ms = now - this.#began
    const whole = end === 'whole'
    this.#pulse?.over({
      now,
      ms,
      spoke: this.pieces > 0,
      whole,
      stream: request.stream,
      output: this.told?.output,
    })
    upstream.tally.seconds.observe(ms / 1_000)
    if (whole && this.pieces > 1)
      upstream.tally.betweenChunks.observe((this.#last - this.#first) / 1_000 / (this.pieces - 1))
    if (!this.told) return
    const { input, output } = this.told
    tally.used(link, { input, output })
    this.#span?.setAttribute(genAi.inputTokens, input)
    this.#span?.setAttribute(genAi.outputTokens, output)
  }

  #firstContent(): void {
    const { upstream, tally, journey, reply } = this.#of
    this.#pulse?.spoke(this.#last, this.#last - this.#began)
    const seconds = (this.#last - this.#began) / 1_000
    this.#first = this.#last
    upstream.tally.toFirstChunk.observe(seconds, traceWorthALook(this.#span))
    if (!reply.begun)
      tally.toFirstChunk.observe((this.#last - journey.began) / 1_000, traceWorthALook(this.#span))
    this.#span?.setAttribute(genAi.timeToFirstChunk, seconds)
  }

  #describe({ model, choices }: Readonly<Record<string, unknown>>, span: ActiveSpan): void {
    if (this.#model === undefined && typeof model === 'string' && isName.test(model)) {
      this.#model = model
      span.setAttribute(genAi.responseModel, model)
    }
    if (!Array.isArray(choices)) return
    for (const choice of choices) {
      const reason = record(choice)?.['finish_reason']
      if (typeof reason !== 'string' || !/^[a-z_]{1,40}$/i.test(reason)) continue
      if (this.#reasons.length >= mostReasons) return
      this.#reasons.push(reason)
      span.setAttribute(genAi.finishReasons, [...this.#reasons])
    }
  }
}

/** The trace of a span that will be kept, so that it can stand for what was counted in it. */
export function traceWorthALook(span: ActiveSpan | undefined): string | undefined {
  const of = span?.spanContext()
  return of && (of.traceFlags & 1) === 1 ? of.traceId : undefined
}

/** What may be a model: a provider's words could be the question's. */
const isName = /^[^\s"'<>{}]{1,200}$/
const mostReasons = 16
