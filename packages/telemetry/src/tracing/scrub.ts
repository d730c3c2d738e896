import type { Attributes } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { redact } from '../lines/redact.ts'
import { redactText } from '../lines/redact-text.ts'

const scrubbed = new WeakSet<ReadableSpan>()

/**
 * The same span, without secrets: those that other instrumentations may have put into names, attributes, events, links and messages.
 *
 * It is done when a span is first sent or listed, not when it ends: most never are.
 */
export function scrub(span: ReadableSpan): ReadableSpan {
  if (scrubbed.has(span)) return span
  scrubbed.add(span)
  const writable: { name: string; status: { message?: string } } = span
  writable.name = redactText(span.name)
  if (span.status.message !== undefined) writable.status.message = redactText(span.status.message)
  for (const { attributes } of [span, ...span.events, ...span.links]) clean(attributes)
  return span
}

function clean(attributes: Attributes | undefined): void {
  if (attributes !== undefined) Object.assign(attributes, redact(attributes))
}
