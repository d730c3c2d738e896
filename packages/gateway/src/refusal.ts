import type { OutHeaders } from './headers.ts'
import type { Journey, LinkFailure } from './journey.ts'
import type { WireError } from './reply.ts'

/** What a client is told when no link of a chain could answer: each link, why, and when to try again. `retryAfter` is in seconds. */
export interface Refusal {
  readonly error: WireError
  readonly headers: OutHeaders
}

export function refusal(journey: Journey): Refusal {
  const { chain, failures, retriedOutside } = journey
  const waits = failures.flatMap(comesBack)
  const wait = waits.length > 0 ? Math.min(...waits) : unknownWait
  const retryAfter = Math.max(1, Math.ceil(Math.min(wait, longestWait) / 1_000))
  // Whoever tries again in our place is not made to wait for what is only a guess.
  const guessed = failures.some((each) => each.class !== 'unable' && each.retryAfter === undefined)
  const atOnce = retriedOutside === true && guessed
  const message = `No link of the chain '${chain}' could answer: ${failures.map(worded).join('; ')}.`
  return {
    headers: {
      ...(!atOnce && { 'retry-after': String(retryAfter) }),
      'x-should-retry': String(waits.length > 0 && again(journey)),
    },
    error: {
      message: atOnce ? message : `${message} Try again in ${retryAfter} s.`,
      type: 'service_unavailable',
      code: 'chain_exhausted',
      param: null,
      links: failures.map(listed),
    },
  }
}

/**
 * Whether a client's library should try again by itself, once `retry-after` is over. Where this gateway has tried, it should not: attempts inside
 * attempts multiply. Where it has not, since every breaker was open or every key at rest, or has tried but once, since somebody in front of it tries
 * again, it may.
 */
function again({ attempts, retriedOutside }: Journey): boolean {
  return attempts === 0 || retriedOutside === true
}

/** Where a link does not say when it may work again, its failure is taken to pass in this time, in ms. */
const unknownWait = 5_000
const longestWait = 3_600_000

/** What is unable today is unable tomorrow. */
function comesBack({ class: failed, retryAfter = unknownWait }: LinkFailure): number[] {
  return failed === 'unable' ? [] : [retryAfter]
}

function worded(failure: LinkFailure): string {
  const tried = failure.attempts > 1 ? ` after ${failure.attempts} attempts` : ''
  const again =
    failure.retryAfter === undefined || failure.retryAfter === Infinity
      ? ''
      : ` (again in ${Math.ceil(failure.retryAfter / 1_000)} s)`
  return `${failure.link}: ${failure.message}${tried}${again}`
}

function listed({ link, class: failed, message, attempts, status, retryAfter }: LinkFailure): object {
  return {
    link,
    class: failed,
    message,
    attempts,
    status: status ?? null,
    retry_after_ms: retryAfter === undefined ? null : Math.ceil(retryAfter),
  }
}
