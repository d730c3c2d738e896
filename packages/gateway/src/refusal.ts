import type { OutHeaders } from './headers.ts'
import type { Journey, LinkFailure } from './journey.ts'
import type { WireError } from './reply.ts'

/** What a client is told when no link of a chain could answer: each link, why, and when to try again. `retryAfter` is in seconds. */
export interface Refusal {
  readonly error: WireError
  readonly headers: OutHeaders
}

export function refusal(journey: Journey): Refusal {
  const waits = journey.failures.flatMap(({ retryAfter }) => (retryAfter === undefined ? [] : [retryAfter]))
  const retryAfter = Math.max(1, Math.ceil(Math.min(...waits, unknownWait) / 1_000))
  const each = journey.failures.map(worded).join('; ')
  const message = `No link of the chain '${journey.chain}' could answer: ${each}. Try again in ${retryAfter} s.`
  return {
    headers: { 'retry-after': String(retryAfter) },
    error: {
      message,
      type: 'service_unavailable',
      code: 'chain_exhausted',
      param: null,
      links: journey.failures.map(listed),
    },
  }
}

/** Where no link says when it may work again, a failure is taken to pass in this time. */
const unknownWait = 5_000

function worded(failure: LinkFailure): string {
  const tried = failure.attempts > 1 ? ` after ${failure.attempts} attempts` : ''
  const again =
    failure.retryAfter === undefined ? '' : ` (again in ${Math.ceil(failure.retryAfter / 1_000)} s)`
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
