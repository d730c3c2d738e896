import { BreakerOpenError, type Call, type Clock } from '@holdfast/policy'
import { activeSpan } from '@holdfast/telemetry/traces'
import { classOfError } from '@holdfast/transport'
import type { ChatRequest } from './chat-request.ts'
import { type Journey, type LinkFailure, marks } from './journey.ts'
import type { Link } from './link.ts'
import { modelCall } from './model-call.ts'
import { withValue } from './model-span.ts'
import { ProviderFailure } from './provider-failure.ts'
import type { Reply } from './reply.ts'
import { ruleAnswer, sendRuleAnswer } from './rules.ts'
import { prefilled } from './stream/prefill.ts'
import type { Tally } from './tally.ts'

export interface Asked {
  readonly links: readonly Link[]
  readonly request: ChatRequest
  readonly reply: Reply
  readonly journey: Journey
  readonly tally: Tally
  readonly signal: AbortSignal
  readonly clock: Clock
}

/** How it ended: a link answered, the provider's own refusal is for the caller, or nobody could. */
export type Outcome =
  | { readonly is: 'answered'; readonly link: string }
  | { readonly is: 'refused'; readonly link: string; readonly failure: ProviderFailure }
  | { readonly is: 'exhausted' }
  | { readonly is: 'cancelled' }

/**
 * Asks the links in their order until one has given the whole answer. What each failed with stands in the journey.
 * When a stream broke off after its beginning went out, the links are asked once more after a moment: one of them may be back by then, and a sentence
 * without its end is worse than a late one.
 */
export async function askChain(asked: Asked): Promise<Outcome> {
  const first = await askOnce(asked, asked.links)
  const { reply, links, journey } = asked
  if (first.is !== 'exhausted' || !reply.transcript.started || !reply.transcript.resumable) return first
  activeSpan()?.addEvent('chain.asked-again')
  const comesBack = Math.min(...journey.failures.flatMap(({ retryAfter }) => retryAfter ?? []), moment.usual)
  await pause(asked, Math.max(comesBack, moment.least))
  const diverged = journey.failures.flatMap((failure) => (failure.class === 'diverged' ? [failure.link] : []))
  return askOnce(
    asked,
    links.filter(({ name }) => !diverged.includes(name)),
  )
}

/** How long, in ms, a broken stream waits for a link to come back. */
const moment = { least: 50, usual: 500 } as const

function pause({ clock, signal }: Asked, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(ms, done)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}

async function askOnce(asked: Asked, links: readonly Link[]): Promise<Outcome> {
  const { journey, reply, signal } = asked
  let failed: LinkFailure | undefined
  let tooLarge: { link: string; failure: ProviderFailure } | undefined
  let atLeast = 0
  for (const link of links) {
    if (signal.aborted || reply.ended) return { is: 'cancelled' }
    if (reply.begun && !reply.transcript.resumable) break
    if (link.is === 'rules') {
      // A request that was too large for the models is no reason to say that the models are away.
      if (tooLarge || reply.transcript.started) continue
      noteNext(link, failed)
      const answer = ruleAnswer(link.rules, asked.request)
      if ('text' in answer) {
        sendRuleAnswer(answer.text, asked.request, reply, marks(journey, link.name))
        return { is: 'answered', link: link.name }
      }
      failed = { link: link.name, class: 'unable', message: answer.why, attempts: 0 }
      journey.failures.push(failed)
      continue
    }
    const { context } = link.upstream
    if (tooLarge && context !== undefined && context <= atLeast) {
      failed = {
        link: link.name,
        class: 'unable',
        message: `takes no more than ${context} tokens`,
        attempts: 0,
      }
      journey.failures.push(failed)
      continue
    }
    noteNext(link, failed)
    const before = journey.attempts
    const error = await askUpstream(asked, link)
    if (error === undefined && !reply.broken) return { is: 'answered', link: link.name }
    if (signal.aborted || reply.ended) return { is: 'cancelled' }
    if (error instanceof ProviderFailure && error.blame === 'request')
      return { is: 'refused', link: link.name, failure: error }
    if (error instanceof ProviderFailure && error.blame === 'size') {
      tooLarge ??= { link: link.name, failure: error }
      atLeast = Math.max(atLeast, context ?? 0)
    }
    failed = linkFailure(link.name, error, journey.attempts - before)
    journey.failures.push(failed)
  }
  return tooLarge ? { is: 'refused', ...tooLarge } : { is: 'exhausted' }
}

/** Says on the request's span who is asked now, and why the link before it did not answer. */
function noteNext({ name }: Link, failed: LinkFailure | undefined): void {
  if (failed === undefined) return
  activeSpan()?.addEvent('chain.next-link', {
    'holdfast.link': name,
    'holdfast.failed': failed.link,
    'holdfast.reason': failed.class,
  })
}

/** Sends the request through the upstream's policy; answers what it failed with, or nothing. */
async function askUpstream(asked: Asked, link: Link & { is: 'upstream' }): Promise<unknown> {
  const { journey, signal, reply, request } = asked
  const { tally, prefill, streams } = link.upstream
  const json = streams && !request.stream ? asStream(request.json) : request.json
  let takesPrefill = prefill !== undefined
  const attempt = async (call: Call): Promise<void> => {
    const upstream = link.upstream.turn()
    if (typeof upstream === 'number') throw resting(link.upstream.name, upstream)
    const { transcript } = reply
    const beginning =
      takesPrefill && transcript.started ? prefilled(request, transcript.text, prefill!) : undefined
    const options = {
      ...asked,
      upstream,
      link: link.name,
      model: link.model,
      marks: () => marks(journey, link.name),
      json: beginning ?? json,
      continues: beginning !== undefined,
    }
    journey.attempts++
    tally.attempts++
    try {
      await modelCall(options, call)
    } catch (error) {
      tally.failed(classOfError(error))
      if (beginning !== undefined && refuses(error)) {
        takesPrefill = false
        return attempt(call)
      }
      if (keyAtFault(error) && link.upstream.spare() && !signal.aborted) return attempt(call)
      if (transcript.started && !signal.aborted) journey.cut = true
      if (reply.begun && !transcript.resumable) throw final(error)
      throw error
    }
  }
  try {
    await link.upstream.pipeline(attempt, { signal })
    return undefined
  } catch (error) {
    return error ?? new Error('the call failed without a reason')
  }
}

/** All its keys are used up for now: the call is not made, and may be when they are not. */
function resting(upstream: string, ms: number): ProviderFailure {
  return new ProviderFailure({
    class: 'throttled',
    message: `${upstream} has asked to be left alone for ${Math.ceil(ms)} ms more`,
    retryAfter: ms,
    code: 'RESTING',
  })
}

/** Another key of the same provider may do. */
function keyAtFault(error: unknown): boolean {
  if (!(error instanceof ProviderFailure)) return false
  const { status, blame } = error
  return blame === 'link' && (status === 401 || status === 403 || status === 429)
}

/** The same request for a stream, with its usage. */
function asStream(json: string): string {
  return withValue(withValue(json, 'stream', 'true'), 'stream_options', '{"include_usage":true}')
}

/** The prefill may be what is at fault: without it the request was good enough for an answer that began. */
function refuses(error: unknown): boolean {
  return error instanceof ProviderFailure && (error.status === 400 || error.status === 422)
}

/** The client has part of an answer that nobody can go on with, so no attempt may follow; the provider has failed all the same. */
function final(error: unknown): unknown {
  return error instanceof ProviderFailure
    ? Object.defineProperty(error, 'retryable', { value: false })
    : error
}

function linkFailure(link: string, error: unknown, attempts: number): LinkFailure {
  if (error instanceof BreakerOpenError) {
    return {
      link,
      class: 'open',
      message: 'its breaker is open after repeated failures',
      attempts,
      retryAfter: error.retryAfter,
    }
  }
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof ProviderFailure)) return { link, class: classOfError(error), message, attempts }
  const failed = error.code === 'DIVERGED' ? 'diverged' : error.class
  return { link, class: failed, message, attempts, status: error.status, retryAfter: error.retryAfter }
}
