import { objects, text, type WireObject, withoutGaps } from './wire-value.ts'

/**
 * What a model thought, as an assistant's message of the OpenAI wire carries it. `reasoning_content` is for reading (DeepSeek's name, https://api-docs.deepseek.com/guides/thinking_mode;
 * OpenRouter and gpt-oss servers say `reasoning`); `reasoning_details` keeps what has to come back word for word, signatures and what is encrypted
 * (https://openrouter.ai/docs/guides/best-practices/reasoning-tokens). What carries no signature is not kept twice.
 */
export function reasoningOf(blocks: readonly WireObject[]): WireObject {
  const words = blocks.map((block) => text(block['thinking'])).join('')
  const details = blocks.flatMap((block, index) => detailOf(block, index))
  return {
    ...(words !== '' && { reasoning_content: words }),
    ...(details.length > 0 && { reasoning_details: details }),
  }
}

/** A block of thinking as one entry of `reasoning_details`; none where nothing vouches for it. */
export function detailOf(block: WireObject, index: number): WireObject[] {
  if (block['type'] === 'redacted_thinking')
    return [{ type: 'reasoning.encrypted', data: text(block['data']), format, index }]
  const signature = text(block['signature'])
  if (signature === '') return []
  return [{ type: 'reasoning.text', text: text(block['thinking']), signature, format, index }]
}

const format = 'anthropic-claude-v1'

/** The blocks of thinking that stand in `reasoning_details`, in their order; others may have signed them than Anthropic, and those are left out. */
export function signedBlocks(message: WireObject): WireObject[] {
  return objects(message['reasoning_details']).flatMap((detail): WireObject[] => {
    if (detail['format'] !== undefined && detail['format'] !== format) return []
    if (detail['type'] === 'reasoning.encrypted')
      return [{ type: 'redacted_thinking', data: text(detail['data']) }]
    const signature = text(detail['signature'])
    return detail['type'] === 'reasoning.text' && signature !== ''
      ? [{ type: 'thinking', thinking: text(detail['text']), signature }]
      : []
  })
}

/** The words that are for reading, of a message or a delta, whatever its server calls them. */
export function reasoningWords(message: WireObject): string {
  return text(message['reasoning_content']) || text(message['reasoning'])
}

/**
 * An answer's thinking as blocks: those that are signed, or else the words alone. A block with an empty signature is for reading; it does not go
 * back to Anthropic (`withoutUnsignedThinking`).
 */
export function thinkingBlocks(message: WireObject): WireObject[] {
  const signed = signedBlocks(message)
  if (signed.length > 0) return signed
  const words = reasoningWords(message)
  return words === '' ? [] : [{ type: 'thinking', thinking: words, signature: '' }]
}

/**
 * A request of the Anthropic wire without the thinking that nobody signed: an answer of another model was part of this conversation, and Anthropic
 * refuses what it did not sign (https://platform.claude.com/docs/en/build-with-claude/thinking). The same object where there is none.
 */
export function withoutUnsignedThinking(body: WireObject): WireObject {
  const unsigned = (block: WireObject): boolean => block['type'] === 'thinking' && block['signature'] === ''
  let changed = false
  const messages = objects(body['messages']).flatMap((message) => {
    if (message['role'] !== 'assistant' || !objects(message['content']).some(unsigned)) return [message]
    changed = true
    const content = objects(message['content']).filter((block) => !unsigned(block))
    return content.length > 0 ? [withoutGaps({ ...message, content })] : []
  })
  return changed ? { ...body, messages } : body
}
