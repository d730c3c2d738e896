import type { IncomingHttpHeaders } from 'node:http'

/** Goes with each call to an upstream: the how-manieth it is of its request, over all links. */
export const attemptHeader = 'x-holdfast-attempt'

/**
 * Whether somebody in front of this gateway tries again what fails here: another Holdfast, which says so with each of its calls, or a client's library
 * that asks again already (`x-stainless-retry-count`, as the clients of OpenAI and Anthropic count). Attempts inside attempts would multiply, so then
 * each link is asked once.
 */
export function retriedOutside(headers: IncomingHttpHeaders): boolean {
  const count = headers['x-stainless-retry-count']
  return headers[attemptHeader] !== undefined || (typeof count === 'string' && /^[1-9]/.test(count))
}
