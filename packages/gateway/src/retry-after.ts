/**
 * When a provider wants to be asked again, in seconds or as a date, as `Retry-After` has it (RFC 9110 §10.2.3); `retry-after-ms`, which OpenAI's
 * and Anthropic's own clients heed, is the more exact.
 */
export function retryAfterOf(headers: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const exact = Number(headers?.['retry-after-ms'] ?? Number.NaN)
  if (exact >= 0) return String(exact / 1_000)
  const asked = headers?.['retry-after']
  return typeof asked === 'string' ? asked : undefined
}
