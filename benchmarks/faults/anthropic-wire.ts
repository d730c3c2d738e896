import { fallbackUsage, primaryUsage, wholeAnswer } from './answer.ts'
import type { Role } from './scenario.ts'
import { event, type Wire } from './wire.ts'

/** Anthropic's messages. Usage is always told. */
export const anthropicWire: Wire = {
  begin: (role) => [
    { type: 'message_start', message: { ...message(role), content: [], stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  ],
  word: (_, word) => ({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text: word },
  }),
  finish: (role) => [
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: usageOf(role).completion_tokens },
    },
  ],
  last: event({ type: 'message_stop' }),
  whole: message,
  refusal: (code) => ({
    type: 'error',
    error: { type: 'invalid_request_error', message: `refused: ${code}` },
  }),
}

function message(role: Role): object {
  const { prompt_tokens, completion_tokens } = usageOf(role)
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: `${role}-model`,
    content: [{ type: 'text', text: wholeAnswer }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: prompt_tokens, output_tokens: completion_tokens },
  }
}

function usageOf(role: Role): typeof primaryUsage | typeof fallbackUsage {
  return role === 'primary' ? primaryUsage : fallbackUsage
}
