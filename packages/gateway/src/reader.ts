import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '@holdfast/policy'
import type { AnswerNotes } from './answer-notes.ts'
import type { ChatRequest } from './chat-request.ts'
import type { Dialect } from './dialects/dialect.ts'
import type { OutHeaders } from './headers.ts'
import type { Reply } from './reply.ts'

/** Reads one answer of a provider as it comes. `data` and `end` throw a `ProviderFailure` where the answer is none. */
export interface Reader {
  /** `full` asks for a pause: the client is behind. */
  data(chunk: Buffer): 'full' | undefined
  /** The provider closed the answer. */
  end(): void
  /** The answer is whole, whatever becomes of the connection. */
  readonly finished: boolean
  /** The provider has said its last byte, so that its connection can be used again. */
  readonly complete: boolean
}

/** The upstream as those who read its answers see it. */
export interface Speaker {
  readonly name: string
  /** So that it is never repeated in a message. */
  readonly key: string | undefined
}

/** An answer that begins, and whom it is for. */
export interface Answering {
  readonly upstream: Speaker
  readonly reply: Reply
  readonly request: ChatRequest
  /** What is spoken with the upstream. */
  readonly dialect: Dialect
  /** Whether the provider was given the beginning that the client has, to go on with it. */
  readonly continues: boolean
  /** Makes the reply this attempt's own, before anything is written; throws where another link has it. */
  readonly claim: () => void
  /** The headers that say who answers, as of now. */
  readonly marks: () => OutHeaders
  readonly clock: Clock
  /** Of this attempt. */
  readonly notes: AnswerNotes
  readonly status: number
  readonly headers: IncomingHttpHeaders
}
