import { record } from '../json-value.ts'
import { text, type WireObject } from './wire-value.ts'

/**
 * A request that says only what is new in a conversation, of which Anthropic keeps the rest (`thread: { type: 'continue' }`, beta
 * `message-threads-2026-08-12`). Nobody else can answer it, and Anthropic's own client sends all of it once it is told so in `details`.
 */
export class ForeignThread extends Error {
  override readonly name = 'ForeignThread'
  readonly details = { error_code: 'thread_not_found' } as const

  constructor() {
    super(
      '`thread` goes on with a conversation that is kept elsewhere: send all of its messages, with `thread: { "type": "create" }` or without `thread`.',
    )
  }
}

/** Whether what is said of a thread can be left out: one that only begins has all of its messages with it. */
export function beginsThread(body: WireObject): boolean {
  const thread = record(body['thread'])
  return thread === undefined || text(thread['type']) === 'create'
}
