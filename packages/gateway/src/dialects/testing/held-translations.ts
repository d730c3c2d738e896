import { deepStrictEqual } from 'node:assert/strict'
import { seededRandom } from '@holdfast/policy/testing'
import { record } from '../../json-value.ts'
import { messageEvents } from '../../testing/message-events.ts'
import { type AnthropicTaste, anthropicRequest } from '../anthropic-request.ts'
import { completionAnswer } from '../completion-answer.ts'
import { CompletionStreamTranslator } from '../completion-stream-translator.ts'
import { messageAnswer } from '../message-answer.ts'
import { MessageStreamTranslator } from '../message-stream-translator.ts'
import { type OpenaiTaste, openaiRequest } from '../openai-request.ts'
import { objects, type WireObject } from '../wire-value.ts'
import { gatheredChunks, gatheredEvents } from './gathered.ts'
import { dice, randomConversation } from './random-conversation.ts'

const anthropicTaste: AnthropicTaste = { sampling: true, thinking: 'adaptive', forced: true, maxTokens: 1 }
const openaiTaste: OpenaiTaste = { limit: 'max_tokens', thinking: true }

/** Holds the translations against each other with one random conversation; throws where they disagree. */
export function holdTranslations(seed: number): void {
  const random = seededRandom(seed)
  const { messages, completions, answer } = randomConversation(random)
  deepStrictEqual(anthropicRequest(openaiRequest(messages, openaiTaste), anthropicTaste), messages)
  deepStrictEqual(openaiRequest(anthropicRequest(completions, anthropicTaste), openaiTaste), completions)

  const completion = completionAnswer(answer, 7)
  deepStrictEqual(messageAnswer(completion), answer)
  const { upTo } = dice(random)
  const pieces = (whole: string): string[] => {
    const cut = upTo(whole.length)
    return [whole.slice(0, cut), whole.slice(cut)].filter((piece) => piece !== '')
  }
  holdStreams(completion, messageEvents(answer, pieces))
}

/** A stream says what the answer in one piece says, in both directions. */
function holdStreams(completion: WireObject, events: readonly WireObject[]): void {
  const there = new CompletionStreamTranslator({ created: 7, usage: true })
  const chunks = events.flatMap((event) => there.take(event))
  const [choice] = objects(completion['choices'])
  const message = record(choice?.['message']) ?? {}
  const { finish, ...said } = gatheredChunks(chunks)
  const { refusal, content, ...rest } = message
  deepStrictEqual({ ...said }, { ...rest, content: content ?? '' })
  deepStrictEqual(finish, choice?.['finish_reason'])
  deepStrictEqual(chunks.at(-1)?.['usage'], completion['usage'])

  const back = new MessageStreamTranslator()
  const again = [...chunks.flatMap((chunk) => back.take(chunk)), ...back.end()]
  deepStrictEqual(back.end(), [])
  const { content: blocks, ...whole } = gatheredEvents(again)
  const expected = gatheredEvents(events)
  deepStrictEqual(whole, without(expected, 'content'))
  deepStrictEqual(readable(blocks), readable(expected['content']))
}

function without(body: WireObject, name: string): WireObject {
  return Object.fromEntries(Object.entries(body).filter(([key]) => key !== name))
}

/** The words of a thought come before its signature, so what is streamed twice keeps them, and drops what stands only in the details. */
function readable(blocks: unknown): WireObject[] {
  return objects(blocks).map((block) => (block['type'] === 'text' ? without(block, 'citations') : block))
}
