import { record } from '../json-value.ts'
import { detailOf } from './reasoning.ts'
import { finishReason } from './stop-reason.ts'
import type { StreamTranslator } from './stream-translator.ts'
import { completionUsage } from './usage.ts'
import { number, text, type WireObject } from './wire-value.ts'

export interface CompletionStreamOptions {
  /** In seconds since 1970: Anthropic's wire does not tell. */
  readonly created: number
  /** Whether the client asked for the tokens (`stream_options.include_usage`). */
  readonly usage: boolean
}

/**
 * From the events of a message to the chunks of a chat completion (https://platform.claude.com/docs/en/build-with-claude/streaming).
 *
 * I1  A call of a tool without arguments says `{}`, since clients parse what they have gathered.
 * I2  A signature comes with the words that it is for, in one entry of `reasoning_details`, when its block is whole.
 * I3  What Anthropic runs itself (`server_tool_use`, `mcp_tool_use`) is no call for the client: its arguments are nobody's.
 */
export class CompletionStreamTranslator implements StreamTranslator {
  readonly #options: CompletionStreamOptions
  #head: WireObject = {}
  #usage: Record<string, unknown> = {}
  #calls = 0
  #calling = false
  #silent = false
  #thought: { thinking: string; signature: string } | undefined

  constructor(options: CompletionStreamOptions) {
    this.#options = options
  }

  take(event: WireObject): WireObject[] {
    switch (event['type']) {
      case 'message_start': {
        const message = record(event['message']) ?? {}
        this.#head = { id: text(message['id']), model: text(message['model']) }
        this.#count(message['usage'])
        return [this.#chunk({ role: 'assistant', content: '' })]
      }
      case 'content_block_start':
        return this.#start(record(event['content_block']) ?? {}, number(event['index']) ?? 0)
      case 'content_block_delta':
        return this.#grow(record(event['delta']) ?? {})
      case 'content_block_stop':
        return this.#stop(number(event['index']) ?? 0)
      case 'message_delta':
        this.#count(event['usage'])
        return this.#finish(record(event['delta']) ?? {})
      default:
        return []
    }
  }

  end(): WireObject[] {
    return []
  }

  #start(block: WireObject, index: number): WireObject[] {
    this.#calling = block['type'] === 'tool_use'
    switch (block['type']) {
      case 'text':
        return text(block['text']) === '' ? [] : [this.#chunk({ content: block['text'] })]
      case 'thinking':
        this.#thought = { thinking: text(block['thinking']), signature: text(block['signature']) }
        return this.#thought.thinking === '' ? [] : [this.#chunk({ reasoning_content: block['thinking'] })]
      case 'redacted_thinking':
        return [this.#chunk({ reasoning_details: detailOf(block, index) })]
      case 'tool_use': {
        const given = Object.keys(record(block['input']) ?? {}).length > 0
        this.#silent = !given
        const called = { name: text(block['name']), arguments: given ? JSON.stringify(block['input']) : '' }
        const call = { index: this.#calls++, id: text(block['id']), type: 'function', function: called }
        return [this.#chunk({ tool_calls: [call] })]
      }
      default:
        return []
    }
  }

  #grow(delta: WireObject): WireObject[] {
    switch (delta['type']) {
      case 'text_delta':
        return [this.#chunk({ content: text(delta['text']) })]
      case 'thinking_delta':
        if (this.#thought) this.#thought.thinking += text(delta['thinking'])
        return text(delta['thinking']) === '' ? [] : [this.#chunk({ reasoning_content: delta['thinking'] })]
      case 'signature_delta':
        if (this.#thought) this.#thought.signature += text(delta['signature'])
        return []
      case 'input_json_delta':
        return this.#calling && text(delta['partial_json']) !== ''
          ? [this.#arguments(text(delta['partial_json']))]
          : []
      default:
        return []
    }
  }

  #stop(index: number): WireObject[] {
    const thought = this.#thought
    this.#thought = undefined
    if (thought) {
      const details = detailOf({ type: 'thinking', ...thought }, index)
      return details.length > 0 ? [this.#chunk({ reasoning_details: details })] : []
    }
    return this.#silent ? [this.#arguments('{}')] : []
  }

  #arguments(more: string): WireObject {
    this.#silent = false
    return this.#chunk({ tool_calls: [{ index: this.#calls - 1, function: { arguments: more } }] })
  }

  #finish(delta: WireObject): WireObject[] {
    const reason = text(delta['stop_reason'])
    if (reason === '') return []
    const refusal = text(record(delta['stop_details'])?.['explanation'])
    const last = this.#chunk(refusal === '' ? {} : { refusal }, finishReason(reason))
    if (!this.#options.usage) return [last]
    return [last, { ...this.#chunk({}), choices: [], usage: completionUsage(this.#usage) }]
  }

  /** What comes later is the sum so far; it may leave out what was told before. */
  #count(usage: unknown): void {
    for (const [name, value] of Object.entries(record(usage) ?? {})) {
      if (value !== null && value !== undefined) this.#usage[name] = value
    }
  }

  #chunk(delta: WireObject, finished: string | null = null): WireObject {
    return {
      ...this.#head,
      object: 'chat.completion.chunk',
      created: this.#options.created,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finished }],
    }
  }
}
