import type { IncomingHttpHeaders } from 'node:http'
import { errorIn } from './error-in.ts'
import { headerText } from './headers.ts'
import { record } from './json-value.ts'
import { failureInBody, ProviderFailure } from './provider-failure.ts'
import type { Answering } from './reader.ts'

/** What it means that an answer of 2xx holds no chat completion: an error in disguise, a stream refused, or something else altogether. */
export function noCompletion(
  { upstream, request, status, headers }: Answering,
  json: Readonly<Record<string, unknown>> | undefined,
): ProviderFailure {
  const error = json && errorIn(json)
  if (error) return failureInBody(error, upstream.name, upstream.key)
  if (json && hasChoices(json) && request.stream) {
    return new ProviderFailure({
      class: 'permanent',
      message: `${upstream.name} answered in one piece although a stream was asked for`,
      // It is well, but for streams.
      blame: 'model',
    })
  }
  const encoding = compression(headers)
  const what = encoding ? `is compressed (${encoding}) although that was refused` : 'is no chat completion'
  return new ProviderFailure({
    class: 'transient',
    message: `${upstream.name} answered ${status} with something that ${what}`,
  })
}

/** Whether an answer carries at least one choice. */
export function hasChoices({ choices }: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(choices) && record(choices[0]) !== undefined
}

/** How an answer is compressed, where it is. */
export function compression(headers: IncomingHttpHeaders): string | undefined {
  const encoding = headerText(headers['content-encoding'])?.trim()
  return encoding && encoding.toLowerCase() !== 'identity' ? encoding : undefined
}
