import { record, recordOf } from '../json-value.ts'
import { anthropicWire, blocksOf } from './anthropic-parts.ts'
import { signedBlocks } from './reasoning.ts'
import { unknownTo } from './untranslatable.ts'
import { objects, text, type WireObject } from './wire-value.ts'

/** Where the instructions stand, and who said what in turns. */
export interface Conversation {
  readonly system: readonly WireObject[]
  readonly messages: readonly WireObject[]
}

/**
 * The messages of the OpenAI wire as Anthropic has them: instructions beside the conversation, tool results in the user's turn, one turn after the
 * other (https://platform.claude.com/docs/en/api/messages/create). Instructions in the middle of a conversation become the user's words where they
 * stand, since not every model takes a `system` there.
 */
export function anthropicConversation(given: unknown): Conversation {
  const system: WireObject[] = []
  const turns: { role: 'user' | 'assistant'; content: WireObject[] }[] = []
  const say = (role: 'user' | 'assistant', content: WireObject[]): void => {
    const last = turns.at(-1)
    if (last?.role === role) last.content.push(...content)
    else if (content.length > 0) turns.push({ role, content })
  }
  for (const [nth, message] of objects(given).entries()) {
    const at = `messages[${nth}]`
    switch (message['role']) {
      case 'system':
      case 'developer': {
        const blocks = blocksOf(message['content'], `${at}.content`)
        if (turns.length === 0) system.push(...blocks)
        else say('user', blocks)
        break
      }
      case 'user':
        say('user', blocksOf(message['content'], `${at}.content`))
        break
      case 'assistant':
        say('assistant', spoken(message, at))
        break
      case 'tool':
        say('user', [resultOf(message, at)])
        break
      default:
        throw unknownTo(anthropicWire, `${at}.role: ${text(message['role']) || 'none'}`)
    }
  }
  return { system, messages: withoutTrailingSpace(turns.map(resultsFirst)) }
}

function spoken(message: WireObject, at: string): WireObject[] {
  if (message['function_call']) throw unknownTo(anthropicWire, `${at}.function_call`)
  if (record(message['audio'])) throw unknownTo(anthropicWire, `${at}.audio`)
  const refusal = text(message['refusal'])
  return [
    ...signedBlocks(message),
    ...blocksOf(message['content'] ?? '', `${at}.content`),
    ...(refusal === '' ? [] : [{ type: 'text', text: refusal }]),
    ...objects(message['tool_calls']).map((call, nth) => useOf(call, `${at}.tool_calls[${nth}]`)),
  ]
}

function useOf(call: WireObject, at: string): WireObject {
  const called = record(call['function'])
  if (!called) throw unknownTo(anthropicWire, `${at}.type: ${text(call['type']) || 'none'}`)
  return {
    type: 'tool_use',
    id: text(call['id']),
    name: text(called['name']),
    input: inputOf(text(called['arguments'])),
  }
}

/** Arguments that a model got wrong stay in the conversation, since its next turn is about them. */
function inputOf(given: string): WireObject {
  if (given.trim() === '') return {}
  return recordOf(given) ?? { rawInvalidInput: given }
}

function resultOf(message: WireObject, at: string): WireObject {
  const { content } = message
  const result = { type: 'tool_result', tool_use_id: text(message['tool_call_id']) }
  if (typeof content === 'string') return { ...result, content }
  return { ...result, content: blocksOf(content, `${at}.content`) }
}

/** Anthropic wants the results of tools before whatever else the user says in that turn. */
function resultsFirst({ role, content }: { role: string; content: WireObject[] }): WireObject {
  const isResult = ({ type }: WireObject): boolean => type === 'tool_result'
  if (role !== 'user' || !content.some(isResult)) return { role, content }
  return { role, content: [...content.filter(isResult), ...content.filter((each) => !isResult(each))] }
}

/** A beginning that the model is to go on with may not end with white space. */
function withoutTrailingSpace(messages: WireObject[]): WireObject[] {
  const last = messages.at(-1)
  const content = objects(last?.['content'])
  const end = content.at(-1)
  if (last?.['role'] !== 'assistant' || end?.['type'] !== 'text') return messages
  const trimmed = text(end['text']).trimEnd()
  const rest = [...content.slice(0, -1), ...(trimmed === '' ? [] : [{ ...end, text: trimmed }])]
  return [...messages.slice(0, -1), ...(rest.length > 0 ? [{ ...last, content: rest }] : [])]
}
