import type { IncomingHttpHeaders } from 'node:http'
import { record } from './json-value.ts'
import { failureInBody, ProviderFailure } from './provider-failure.ts'
import type { Speaker } from './reader.ts'

/** What it means that an answer of 200 holds no chat completion: an error in disguise, a stream refused, or something else altogether. */
export function noCompletion(
  upstream: Speaker,
  json: Readonly<Record<string, unknown>> | undefined,
  headers: IncomingHttpHeaders,
): ProviderFailure {
  const error = json?.['error']
  const body = record(error) ?? (typeof error === 'string' ? { message: error } : undefined)
  if (body) return failureInBody(body, upstream.name, upstream.key)
  const encoding = headers['content-encoding']
  const what =
    encoding && encoding !== 'identity'
      ? `is compressed (${encoding}) although that was refused`
      : 'is no chat completion'
  if (Array.isArray(json?.['choices'])) {
    return new ProviderFailure({
      class: 'permanent',
      message: `${upstream.name} answered in one piece although a stream was asked for`,
    })
  }
  return new ProviderFailure({
    class: 'transient',
    message: `${upstream.name} answered 200 with something that ${what}`,
  })
}
