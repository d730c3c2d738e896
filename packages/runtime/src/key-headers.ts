import { providerFacts } from '@holdfast/gateway/providers'
import type { HttpUpstream } from './config/upstream.ts'

/** The headers that every request to an upstream carries: its key, and the version where Anthropic's wire alone is spoken, which demands one. */
export function keyHeaders(upstream: HttpUpstream): Readonly<Record<string, string>> {
  const { provider, key = upstream.keys?.[0] } = upstream
  const facts = provider && providerFacts(provider)
  const { dialect = facts?.dialect.value } = upstream
  if (dialect !== 'anthropic') return key === undefined ? {} : { authorization: `Bearer ${key}` }
  return { 'anthropic-version': '2023-06-01', ...(key !== undefined && { 'x-api-key': key }) }
}
