import { BreakerOpenError, type Clock } from '@holdfast/policy'
import { activeSpan } from '@holdfast/telemetry/traces'
import { classOfError } from '@holdfast/transport'
import { askUpstream } from './ask-upstream.ts'
import type { ChatRequest } from './chat-request.ts'
import { type Journey, type LinkFailure, marks } from './journey.ts'
import type { Link } from './link.ts'
import { pause } from './pause.ts'
import { ProviderFailure } from './provider-failure.ts'
import type { Reply } from './reply.ts'
import { ruleAnswer, sendRuleAnswer } from './rules.ts'
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
  await pause(Math.max(comesBack, moment.least), asked)
  const diverged = journey.failures.flatMap((failure) => (failure.class === 'diverged' ? [failure.link] : []))
  return askOnce(
    asked,
    links.filter(({ name }) => !diverged.includes(name)),
  )
}

/** How long, in ms, a broken stream waits for a link to come back. */
const moment = { least: 50, usual: 500 } as const

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
    if (error instanceof ProviderFailure && error.blame === 'wire')
      tooLarge ??= { link: link.name, failure: error }
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
  const failed = error.code === 'DIVERGED' ? 'diverged' : error.blame === 'wire' ? 'unable' : error.class
  return { link, class: failed, message, attempts, status: error.status, retryAfter: error.retryAfter }
}
