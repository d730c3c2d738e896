import { AnswerReader } from './answer-reader.ts'
import type { ChatRequest } from './chat-request.ts'
import { MessageAnswerReader } from './dialects/message-answer-reader.ts'
import { MessageStreamReader } from './dialects/message-stream-reader.ts'
import { ErrorReader } from './error-reader.ts'
import { headerText } from './headers.ts'
import { compression } from './no-completion.ts'
import { ResponseStreamReader } from './passages/response-stream-reader.ts'
import { lingering, type Patience } from './patience.ts'
import type { Answering, Reader } from './reader.ts'
import { CollectingReader } from './stream/collecting-reader.ts'
import { StreamReader } from './stream-reader.ts'
import { wantsUsage } from './usage/asked-usage.ts'
import type { Watchdog } from './watchdog.ts'

export interface Listening extends Answering {
  readonly upstream: Answering['upstream'] & { readonly patience: Patience; readonly streams: boolean }
  readonly watchdog: Watchdog
  /** The client has the whole answer, though the provider has not closed it. */
  readonly closed: () => void
}

/** The reader that the head of an answer calls for, and how long the rest of it may take to come. */
export function readerFor(listening: Listening): Reader {
  const { upstream, request, dialect, status, headers, watchdog } = listening
  const { idle } = upstream.patience
  const heard = (): void => watchdog.alive()
  if (status >= 300) {
    watchdog.expect('the words of an error', Math.min(idle, lingering))
    return new ErrorReader(listening)
  }
  const { passage } = request
  const hidesUsage = (request.metered === true || dialect === 'anthropic') && !wantsUsage(request)
  const isStream =
    /^text\/event-stream\b/i.test(headerText(headers['content-type']) ?? '') && !compression(headers)
  if (!request.stream && (passage || !(isStream && upstream.streams))) {
    watchdog.expect('the rest of the answer', idle)
    if (passage) return new AnswerReader({ ...listening, heard }, () => true)
    const inner = new AnswerReader({ ...listening, heard })
    return dialect === 'openai' ? inner : new MessageAnswerReader({ inner, ...likeness(request), heard })
  }
  if (!isStream) return new ErrorReader(listening)
  const StreamsReader = passage ? ResponseStreamReader : request.stream ? StreamReader : CollectingReader
  const inner = new StreamsReader({
    ...listening,
    hidesUsage,
    heard,
    began: () => watchdog.expect('the next token', idle),
    finished: () => watchdog.expect('the end of the stream', Math.min(idle, lingering)),
  })
  if (dialect === 'openai' || passage) return inner
  return new MessageStreamReader({ inner, ...likeness(request), onePiece: !request.stream })
}

/** What of an answer of Anthropic's wire its client wants to see. */
function likeness({ dialect }: ChatRequest): { created: number; usage: true; keep: boolean } {
  return { created: Math.floor(Date.now() / 1_000), usage: true, keep: dialect === 'anthropic' }
}
