/** Methods that may be done twice, being as good as once (RFC 9110 §9.2.2). */
export const idempotentMethods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'TRACE',
])

/** The header with which a caller says that a request may be sent twice (draft-ietf-httpapi-idempotency-key-header). */
export const idempotencyHeader = 'idempotency-key'

/** Statuses that are failures to a pipeline, unless a system is known to mean others. */
export const usualFailures: readonly number[] = [408, 425, 429, 500, 502, 503, 504, 529]

/** Whether a body can be sent twice: streams and generators are empty after the first time. */
export function isReplayable(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return typeof body !== 'function'
  return !(Symbol.asyncIterator in body) && !isSyncSource(body)
}

/** An iterator, unlike an array or bytes, is empty after the first time. */
function isSyncSource(body: object): boolean {
  return 'next' in body && typeof body.next === 'function'
}
