import type { Clock } from '@holdfast/policy'
import { activeSpan } from '@holdfast/telemetry/traces'
import { askUpstream } from './ask-upstream.ts'
import type { ChatRequest } from './chat-request.ts'
import { type Journey, type LinkFailure, marks } from './journey.ts'
import type { Link } from './link.ts'
import { linkFailure } from './link-failure.ts'
import { pause } from './pause.ts'
import type { ProviderFailure } from './provider-failure.ts'
import type { Reply } from './reply.ts'
import { ruleAnswer, sendRuleAnswer } from './rules.ts'
import { Succession } from './succession.ts'
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
  const succession = new Succession()
  for (const link of links) {
    if (signal.aborted || reply.ended) return { is: 'cancelled' }
    if (reply.begun && !reply.transcript.resumable) break
    if (link.is === 'rules') {
      // A request that was too large for the models is no reason to say that the models are away.
      if (succession.refused || reply.transcript.started) continue
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
    const unable = succession.unable(context)
    if (unable !== undefined) {
      failed = { link: link.name, class: 'unable', message: unable, attempts: 0 }
      journey.failures.push(failed)
      continue
    }
    noteNext(link, failed)
    const before = journey.attempts
    const error = await askUpstream(asked, link)
    if (error === undefined && !reply.broken) return { is: 'answered', link: link.name }
    if (signal.aborted || reply.ended) return { is: 'cancelled' }
    if (!succession.failed({ name: link.name, context }, error)) break
    failed = linkFailure(link.name, error, journey.attempts - before)
    journey.failures.push(failed)
  }
  return succession.refused ? { is: 'refused', ...succession.refused } : { is: 'exhausted' }
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
