import { record, recordOf } from '../json-value.ts'
import { text, type WireObject } from './wire-value.ts'

/** What Anthropic calls an error of that status (https://platform.claude.com/docs/en/api/errors). */
const types: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

/** What OpenAI's wire, or this gateway, calls an error that Anthropic has another word for. */
const others: Readonly<Record<string, string>> = {
  service_unavailable: 'overloaded_error',
  server_error: 'api_error',
  timeout_error: 'timeout_error',
  invalid_request_error: 'invalid_request_error',
}

/** An error of the OpenAI wire as Anthropic says it; `status` is missing inside a stream. What else it tells (`code`, `links`) stays in it. */
export function anthropicError(error: WireObject, status?: number): WireObject {
  const { message, type, param: _, ...more } = error
  const named = status === undefined || status === 400 ? others[text(type)] : types[status]
  const client = status !== undefined && status < 500
  return {
    type: 'error',
    error: { ...more, type: named ?? (client ? 'invalid_request_error' : 'api_error'), message },
    request_id: null,
  }
}

/** The body of an error of Anthropic's as the OpenAI wire says it; anything else as it came. */
export function openaiErrorBody(body: Buffer): Buffer {
  const json = recordOf(body.toString('utf8'))
  const error = record(json?.['error'])
  if (json?.['type'] !== 'error' || !error) return body
  const told = { message: text(error['message']), type: text(error['type']), code: null, param: null }
  return Buffer.from(JSON.stringify({ error: told }))
}
