import { record, recordOf } from '../json-value.ts'
import { text, type WireObject } from './wire-value.ts'

/**
 * Puts the events of a message together to the answer that the same request gives without `stream`
 * (https://platform.claude.com/docs/en/build-with-claude/streaming), blocks that only Anthropic knows among them.
 */
export class CollectedMessage {
  #message: Record<string, unknown> = {}
  readonly #blocks: Record<string, unknown>[] = []
  #input = ''
  #half = false

  add(event: WireObject): void {
    const delta = record(event['delta']) ?? {}
    switch (event['type']) {
      case 'message_start':
        this.#message = { ...record(event['message']) }
        break
      case 'content_block_start':
        this.#blocks.push({ ...record(event['content_block']) })
        this.#input = ''
        break
      case 'content_block_delta':
        this.#grow(this.#blocks.at(-1) ?? {}, delta)
        break
      case 'content_block_stop':
        this.#stop(this.#blocks.at(-1) ?? {})
        break
      case 'message_delta':
        Object.assign(this.#message, delta)
        this.#message['usage'] = { ...record(this.#message['usage']), ...record(event['usage']) }
    }
  }

  /** `undefined` where a tool is called with what is no JSON object. */
  message(): WireObject | undefined {
    return this.#half ? undefined : { ...this.#message, content: this.#blocks }
  }

  #grow(block: Record<string, unknown>, delta: WireObject): void {
    switch (delta['type']) {
      case 'text_delta':
        block['text'] = text(block['text']) + text(delta['text'])
        break
      case 'thinking_delta':
        block['thinking'] = text(block['thinking']) + text(delta['thinking'])
        break
      case 'signature_delta':
        block['signature'] = text(block['signature']) + text(delta['signature'])
        break
      case 'citations_delta': {
        const { citations } = block
        block['citations'] = [...(Array.isArray(citations) ? citations : []), delta['citation']]
        break
      }
      case 'input_json_delta':
        this.#input += text(delta['partial_json'])
    }
  }

  #stop(block: Record<string, unknown>): void {
    const input = recordOf(this.#input)
    if (input) block['input'] = input
    else if (this.#input !== '') this.#half = true
    this.#input = ''
  }
}
