import { record } from '../json-value.ts'
import { reasoningWords, signedBlocks } from './reasoning.ts'
import { stopReason } from './stop-reason.ts'
import type { StreamTranslator } from './stream-translator.ts'
import { Untranslatable } from './untranslatable.ts'
import { messageUsage } from './usage.ts'
import { number, objects, text, type WireObject } from './wire-value.ts'

/**
 * From the chunks of a chat completion to the events of a message (https://platform.claude.com/docs/en/build-with-claude/streaming).
 *
 * I1  The events are those of the grammar: `message_start`, blocks that each start, grow and stop with an index of their own, one open at a time,
 *     then one `message_delta`, which waits for the tokens that come after the last word. `message_stop` is the writer's.
 * I2  A call of a tool is one block; a stream that goes back to a call after it began another cannot be said, and is `Untranslatable`.
 */
export class MessageStreamTranslator implements StreamTranslator {
  #open: { readonly kind: string; readonly index: number; readonly call: number | undefined } | undefined
  #blocks = 0
  #calls = 0
  #started = false
  #ended = false
  #refused = false
  #finished = ''
  #usage: WireObject = {}
  /** What the open block of thinking says so far. */
  #thought = ''

  /** Whether the client has the beginning of a message. */
  get started(): boolean {
    return this.#started
  }

  /** An event that went out as it came, so that what may follow from elsewhere is numbered on. */
  follow(event: WireObject): void {
    const index = number(event['index']) ?? 0
    switch (event['type']) {
      case 'message_start':
        this.#started = true
        break
      case 'content_block_start': {
        const kind = text(record(event['content_block'])?.['type'])
        this.#open = { kind: kind === 'tool_use' ? 'tool' : kind, index, call: undefined }
        this.#blocks = index + 1
        if (kind === 'tool_use') this.#calls++
        break
      }
      case 'content_block_stop':
        this.#open = undefined
        break
      case 'message_delta':
        this.#ended = true
    }
  }

  take(chunk: WireObject): WireObject[] {
    this.#usage = record(chunk['usage']) ?? this.#usage
    const choice = objects(chunk['choices']).find(({ index }) => (index ?? 0) === 0)
    const events: WireObject[] = []
    if (!this.#started) {
      this.#started = true
      events.push({ type: 'message_start', message: beginning(chunk, this.#usage) })
    }
    const delta = record(choice?.['delta'])
    if (delta) {
      const signed = signedBlocks(delta)
      const thought = signed.length > 0 ? '' : reasoningWords(delta)
      for (const block of signed) this.#whole(events, block)
      if (thought !== '') this.#think(events, thought)
      const refusal = text(delta['refusal'])
      this.#refused ||= refusal !== ''
      const words = text(delta['content']) + refusal
      if (words !== '') this.#grow(events, 'text', { type: 'text_delta', text: words })
      for (const call of objects(delta['tool_calls'])) this.#call(events, call)
    }
    this.#finished = text(choice?.['finish_reason']) || this.#finished
    return events
  }

  end(): WireObject[] {
    if (this.#ended || !this.#started) return []
    this.#ended = true
    const events: WireObject[] = []
    this.#close(events)
    const stop_reason = stopReason(this.#finished, { tools: this.#calls > 0, refusal: this.#refused })
    return [
      ...events,
      {
        type: 'message_delta',
        delta: { stop_reason, stop_sequence: null },
        usage: messageUsage(this.#usage),
      },
    ]
  }

  #grow(events: WireObject[], kind: 'thinking' | 'text', delta: WireObject): void {
    if (this.#open?.kind !== kind)
      this.#start(
        events,
        kind,
        kind === 'text' ? { type: 'text', text: '' } : { type: 'thinking', thinking: '', signature: '' },
      )
    events.push({ type: 'content_block_delta', index: this.#open!.index, delta })
  }

  #think(events: WireObject[], more: string): void {
    this.#grow(events, 'thinking', { type: 'thinking_delta', thinking: more })
    this.#thought += more
  }

  /** What is signed comes in one piece, or its signature after its words, with them or without. */
  #whole(events: WireObject[], block: WireObject): void {
    if (block['type'] === 'redacted_thinking') {
      this.#start(events, 'redacted', block)
      return
    }
    const said = this.#open?.kind === 'thinking' ? this.#thought : ''
    const thought = text(block['thinking'])
    const more = thought.startsWith(said) ? thought.slice(said.length) : ''
    if (more !== '') this.#think(events, more)
    this.#grow(events, 'thinking', { type: 'signature_delta', signature: block['signature'] })
    this.#close(events)
  }

  /** Some servers send no index with a call; one with an id is then another. */
  #call(events: WireObject[], call: WireObject): void {
    const called = record(call['function'])
    const id = text(call['id'])
    const known = this.#open?.kind === 'tool'
    const index = number(call['index']) ?? (known && id === '' ? this.#open!.call! : this.#calls)
    if (index < this.#calls && this.#open?.call !== index)
      throw new Untranslatable(`tool_calls[${index}]`, 'goes on after another call began.')
    if (this.#open?.call !== index) {
      const name = text(called?.['name'])
      this.#start(events, 'tool', { type: 'tool_use', id: id || `call_${index}`, name, input: {} }, index)
      this.#calls = index + 1
    }
    const partial_json = text(called?.['arguments'])
    if (partial_json !== '')
      events.push({
        type: 'content_block_delta',
        index: this.#open!.index,
        delta: { type: 'input_json_delta', partial_json },
      })
  }

  #start(events: WireObject[], kind: string, content_block: WireObject, call?: number): void {
    this.#close(events)
    const index = this.#blocks++
    this.#open = { kind, index, call }
    this.#thought = ''
    events.push({ type: 'content_block_start', index, content_block })
  }

  #close(events: WireObject[]): void {
    if (this.#open) events.push({ type: 'content_block_stop', index: this.#open.index })
    this.#open = undefined
  }
}

function beginning(chunk: WireObject, usage: WireObject): WireObject {
  return {
    id: text(chunk['id']),
    type: 'message',
    role: 'assistant',
    model: text(chunk['model']),
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: messageUsage(usage),
  }
}
