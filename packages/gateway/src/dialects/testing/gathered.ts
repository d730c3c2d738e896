import { record } from '../../json-value.ts'
import { objects, text, type WireObject } from '../wire-value.ts'

/** What a client makes of the chunks of a chat completion: the message of its only choice, and why it ended. */
export function gatheredChunks(chunks: readonly WireObject[]): WireObject {
  const message: Record<string, unknown> = {}
  const calls: { id: string; type: string; function: { name: string; arguments: string } }[] = []
  let finish: unknown = null
  for (const chunk of chunks) {
    const choice = objects(chunk['choices'])[0]
    finish = choice?.['finish_reason'] ?? finish
    for (const [key, value] of Object.entries(record(choice?.['delta']) ?? {})) {
      if (key === 'tool_calls') for (const call of objects(value)) gather(calls, call)
      else if (Array.isArray(value)) message[key] = [...((message[key] as unknown[]) ?? []), ...value]
      else message[key] = key === 'role' ? value : text(message[key]) + text(value)
    }
  }
  return { ...message, ...(calls.length > 0 && { tool_calls: calls }), finish }
}

function gather(
  calls: { id: string; type: string; function: { name: string; arguments: string } }[],
  call: WireObject,
): void {
  const called = record(call['function'])
  const index = call['index'] as number
  calls[index] ??= {
    id: text(call['id']),
    type: 'function',
    function: { name: text(called?.['name']), arguments: '' },
  }
  calls[index].function.arguments += text(called?.['arguments'])
}

/** What a client makes of the events of a message. */
export function gatheredEvents(events: readonly WireObject[]): WireObject {
  let message: Record<string, unknown> = {}
  const blocks: Record<string, unknown>[] = []
  let json = ''
  for (const event of events) {
    const at = blocks[event['index'] as number]
    const delta = record(event['delta']) ?? {}
    if (event['type'] === 'message_start') message = { ...record(event['message']) }
    if (event['type'] === 'content_block_start') {
      blocks[event['index'] as number] = { ...record(event['content_block']) }
      json = ''
    }
    if (event['type'] === 'content_block_delta' && at) {
      if (delta['type'] === 'text_delta') at['text'] += text(delta['text'])
      if (delta['type'] === 'thinking_delta') at['thinking'] += text(delta['thinking'])
      if (delta['type'] === 'signature_delta') at['signature'] = delta['signature']
      if (delta['type'] === 'input_json_delta') json += text(delta['partial_json'])
    }
    if (event['type'] === 'content_block_stop' && json !== '' && at) at['input'] = JSON.parse(json)
    if (event['type'] === 'message_delta') {
      Object.assign(message, delta)
      message['usage'] = { ...record(message['usage']), ...record(event['usage']) }
    }
  }
  return { ...message, content: blocks }
}
