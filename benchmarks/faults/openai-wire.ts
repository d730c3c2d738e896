import { fallbackUsage, primaryUsage, wholeAnswer } from './answer.ts'
import type { Role } from './scenario.ts'
import type { Wire } from './wire.ts'

/** OpenAI's chat completions. */
export const openaiWire: Wire = {
  begin: (role) => [chunk(role, { role: 'assistant', content: '' })],
  word: (role, word) => chunk(role, { content: word }),
  finish: (role, usage) => [
    chunk(role, {}, 'stop'),
    ...(usage ? [{ ...base(role), choices: [], usage: usageOf(role) }] : []),
  ],
  last: 'data: [DONE]\n\n',
  whole: (role) => ({
    ...base(role),
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: wholeAnswer }, finish_reason: 'stop' }],
    usage: usageOf(role),
  }),
  refusal: (code) => ({ error: { message: `refused: ${code}`, type: 'invalid_request_error', code } }),
}

function base(role: Role): object {
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: `${role}-model` }
}

function chunk(role: Role, delta: object, finish: string | null = null): object {
  return { ...base(role), choices: [{ index: 0, delta, finish_reason: finish }] }
}

function usageOf(role: Role): object {
  return role === 'primary' ? primaryUsage : fallbackUsage
}
