import type { Clock } from '@holdfast/policy'
import { activeSpan } from '@holdfast/telemetry/traces'
import type { Stale } from './cache/chain-cache.ts'
import type { ChatRequest } from './chat-request.ts'
import type { Hedging } from './hedging/hedging.ts'
import { Race } from './hedging/race.ts'
import type { Journey, LinkFailure } from './journey.ts'
import { lastResort } from './last-resort.ts'
import type { Link, UpstreamLink } from './link.ts'
import { linkFailure } from './link-failure.ts'
import { pause } from './pause.ts'
import type { ProviderFailure } from './provider-failure.ts'
import type { Reply } from './reply.ts'
import { retriedOutside } from './retried-outside.ts'
import { Succession } from './succession.ts'
import type { Tally } from './tally.ts'
import { WaitingLinks } from './waiting-links.ts'

export interface Asked {
  readonly links: readonly Link[]
  readonly request: ChatRequest
  readonly reply: Reply
  readonly journey: Journey
  readonly tally: Tally
  /** Where a link that is late gets another beside it. */
  readonly hedging?: Hedging | undefined
  /** Where there is an old answer for the link `stale`. */
  readonly stale?: Stale | undefined
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
  const { reply, links, journey, request, hedging } = asked
  journey.retriedOutside = retriedOutside(request.headers)
  hedging?.began()
  const first = await askOnce(asked, links).finally(() => hedging?.ended())
  if (first.is !== 'exhausted' || !reply.transcript.started || !reply.transcript.resumable) return first
  if (journey.retriedOutside) return first
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
  const waiting = new WaitingLinks(links)
  const succession = new Succession()
  const race = new Race(asked, {
    spare: () => waiting.spare((link) => succession.unable(contextOf(link, asked)) === undefined),
    giveBack: (link) => waiting.giveBack(link),
  })
  try {
    while (race.running || waiting.some) {
      if (!race.running) {
        if (signal.aborted || reply.ended) return { is: 'cancelled' }
        if (reply.begun && !reply.transcript.resumable) break
        const link = waiting.next()
        if (link.is !== 'upstream') {
          // A request that was too large for the models is no reason to say that the models are away.
          if (succession.refused || reply.transcript.started) continue
          noteNext(link, failed)
          const why = lastResort(link, asked)
          if (why === undefined) return { is: 'answered', link: link.name }
          failed = { link: link.name, class: 'unable', message: why, attempts: 0 }
          journey.failures.push(failed)
          continue
        }
        const unable = succession.unable(contextOf(link, asked))
        if (unable !== undefined) {
          failed = { link: link.name, class: 'unable', message: unable, attempts: 0 }
          journey.failures.push(failed)
          continue
        }
        noteNext(link, failed)
        race.ask(link)
      }
      const { lane, error } = await race.over()
      const { name } = lane.link
      if (error === undefined && !reply.broken) return { is: 'answered', link: name }
      if (signal.aborted || reply.ended) return { is: 'cancelled' }
      if (!succession.failed({ name, context: contextOf(lane.link, asked) }, error)) break
      failed = linkFailure(name, error, lane.attempts)
      journey.failures.push(failed)
    }
  } finally {
    race.close()
  }
  return succession.refused ? { is: 'refused', ...succession.refused } : { is: 'exhausted' }
}

/** How many tokens a link takes, as far as that is said or known. */
function contextOf({ upstream, model }: UpstreamLink, { request }: Asked): number | undefined {
  return upstream.able(model ?? request.model).context
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
