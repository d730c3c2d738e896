import { objects, text, type WireObject } from '../dialects/wire-value.ts'
import { record } from '../json-value.ts'

/** A message of Anthropic's as the events of its stream, its words cut into those pieces, `message_stop` at the end. */
export function messageEvents(message: WireObject, pieces: (whole: string) => string[]): WireObject[] {
  const usage = record(message['usage']) ?? {}
  const { output_tokens, output_tokens_details: details, ...input } = usage
  const start = { ...message, content: [], stop_reason: null, stop_sequence: null }
  return [
    { type: 'message_start', message: { ...start, usage: { ...input, output_tokens: 0 } } },
    { type: 'ping' },
    ...objects(message['content']).flatMap((block, index) => [
      { type: 'content_block_start', index, content_block: begun(block) },
      ...deltas(block, pieces).map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    {
      type: 'message_delta',
      delta: { stop_reason: message['stop_reason'], stop_sequence: null },
      usage: { output_tokens, ...(details !== undefined && { output_tokens_details: details }) },
    },
    { type: 'message_stop' },
  ]
}

function begun(block: WireObject): WireObject {
  if (block['type'] === 'text') return { ...block, text: '' }
  if (block['type'] === 'thinking') return { ...block, thinking: '', signature: '' }
  return block['type'] === 'tool_use' ? { ...block, input: {} } : block
}

function deltas(block: WireObject, pieces: (whole: string) => string[]): WireObject[] {
  switch (block['type']) {
    case 'text':
      return pieces(text(block['text'])).map((piece) => ({ type: 'text_delta', text: piece }))
    case 'thinking':
      return [
        ...pieces(text(block['thinking'])).map((piece) => ({ type: 'thinking_delta', thinking: piece })),
        { type: 'signature_delta', signature: block['signature'] },
      ]
    case 'tool_use':
      return pieces(inputText(block['input'])).map((piece) => ({
        type: 'input_json_delta',
        partial_json: piece,
      }))
    default:
      return []
  }
}

/** A tool without arguments says nothing at all on that wire. */
function inputText(input: unknown): string {
  const json = JSON.stringify(input)
  return json === '{}' ? '' : json
}
