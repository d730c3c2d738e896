import type { Call, Clock } from '@holdfast/policy'
import type { Journey } from '../journey.ts'
import { linkFailure } from '../link-failure.ts'
import { pause } from '../pause.ts'
import { ProviderFailure } from '../provider-failure.ts'
import { Succession } from '../succession.ts'
import { ExhaustedError } from './exhausted-error.ts'
import type { Listener } from './listener.ts'
import type { Manner } from './resilient-options.ts'

/** One model of a chain. */
export interface ModelLink<M> extends Manner {
  readonly model: M
}

export interface Asking<M> {
  readonly links: readonly ModelLink<M>[]
  readonly journey: Journey
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Who hears the answer as it comes, where it is a stream. */
  readonly listener?: Listener | undefined
}

/** An attempt at one link. */
export type Attempt<M, T> = (link: ModelLink<M>, call: Call) => Promise<T>

/** Who answered, and what. */
export interface Answered<T> {
  readonly link: string
  readonly value: T
}

/**
 * Asks the links in their order, each through its policy, as the gateway does, until one has given the whole answer; once more after a moment where a
 * stream broke off.
 *
 * Throws the caller's own reason where it went away, the provider's own error where the request is at fault, and else `ExhaustedError`.
 */
export async function askModels<M, T>(asking: Asking<M>, attempt: Attempt<M, T>): Promise<Answered<T>> {
  const { links, journey, listener, signal } = asking
  const transcript = listener?.transcript
  const first = await askOnce(asking, links, attempt)
  if ('value' in first) return first
  if (first.refused || !transcript?.started || !transcript.resumable) throw finalError(asking, first)
  const comesBack = Math.min(...journey.failures.flatMap(({ retryAfter }) => retryAfter ?? []), moment.usual)
  await pause(Math.max(comesBack, moment.least), asking)
  signal.throwIfAborted()
  const diverged = new Set(
    journey.failures.filter((failure) => failure.class === 'diverged').map(({ link }) => link),
  )
  const second = await askOnce(
    asking,
    links.filter(({ name }) => !diverged.has(name)),
    attempt,
  )
  if ('value' in second) return second
  throw finalError(asking, second)
}

/** How long, in ms, a broken stream waits for a link to come back. */
const moment = { least: 50, usual: 500 } as const

interface Unanswered {
  readonly refused: ProviderFailure | undefined
  readonly last: unknown
}

async function askOnce<M, T>(
  { journey, signal, listener }: Asking<M>,
  links: readonly ModelLink<M>[],
  attempt: Attempt<M, T>,
): Promise<Answered<T> | Unanswered> {
  const succession = new Succession()
  let last: unknown
  for (const link of links) {
    signal.throwIfAborted()
    if (listener?.transcript.started && !listener.transcript.resumable) break
    const unable = succession.unable(link.context)
    if (unable !== undefined) {
      journey.failures.push({ link: link.name, class: 'unable', message: unable, attempts: 0 })
      continue
    }
    const before = journey.attempts
    try {
      return { link: link.name, value: await link.pipeline((call) => attempt(link, call), { signal }) }
    } catch (error) {
      signal.throwIfAborted()
      last = error
      journey.failures.push(linkFailure(link.name, error, journey.attempts - before))
      if (!succession.failed(link, error)) break
    }
  }
  return { refused: succession.refused?.failure, last }
}

/** What the provider said about the request is for the caller, as the provider's own package says it. */
function finalError<M>({ journey, listener }: Asking<M>, { refused, last }: Unanswered): unknown {
  const brokeOff = listener?.transcript.started === true
  if (refused && !brokeOff) return refused.cause instanceof Error ? refused.cause : refused
  return new ExhaustedError(journey, {
    brokeOff,
    cause: last instanceof ProviderFailure ? (last.cause ?? last) : last,
  })
}
