import type { IncomingHttpHeaders } from 'node:http'
import { objects, type WireObject } from '../dialects/wire-value.ts'
import { record } from '../json-value.ts'
import type { AnthropicBehaviour } from './fake-anthropic.ts'

/** What Anthropic refuses in a request of its wire, in its own way (https://platform.claude.com/docs/en/api/errors); nothing where all is well. */
export function messageComplaint(
  headers: IncomingHttpHeaders,
  body: WireObject,
): AnthropicBehaviour | undefined {
  if (headers['x-api-key'] === undefined)
    return {
      does: 'refuse',
      status: 401,
      type: 'authentication_error',
      message: 'x-api-key header is required',
    }
  const message = complaintOf(headers, body)
  return message === undefined
    ? undefined
    : { does: 'refuse', status: 400, type: 'invalid_request_error', message }
}

function complaintOf(headers: IncomingHttpHeaders, body: WireObject): string | undefined {
  if (headers['anthropic-version'] === undefined) return 'anthropic-version: header is required'
  const threads = /message-threads/.test(String(headers['anthropic-beta']))
  const unknown = Object.keys(body).find((key) => !fields.has(key) && !(threads && key === 'thread'))
  if (unknown !== undefined) return `${unknown}: Extra inputs are not permitted`
  if ('temperature' in body && (body['temperature'] as number) > 1) return 'temperature: range: 0..1'
  const calls = new Set<unknown>()
  const continues = record(body['thread'])?.['type'] === 'continue'
  for (const [nth, { role, content }] of objects(body['messages']).entries()) {
    if (role !== 'user' && role !== 'assistant') return `messages.${nth}: unexpected role`
    if (content === '' || (Array.isArray(content) && content.length === 0))
      return `messages.${nth}: must have content`
    for (const block of objects(content)) {
      if (block['type'] === 'text' && block['text'] === '') return 'text content blocks must be non-empty'
      if (block['type'] === 'thinking' && block['signature'] === '')
        return 'Invalid `signature` in `thinking` block'
      if (block['type'] === 'tool_use') calls.add(block['id'])
      if (block['type'] === 'tool_result' && !continues && !calls.has(block['tool_use_id']))
        return 'unexpected `tool_use_id` found in `tool_result` blocks'
    }
  }
  return undefined
}

const fields: ReadonlySet<string> = new Set(
  'model max_tokens messages system temperature top_p top_k stop_sequences stream tools tool_choice thinking output_config metadata service_tier'.split(
    ' ',
  ),
)
