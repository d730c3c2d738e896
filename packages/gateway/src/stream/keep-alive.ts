import type { Clock } from '@holdfast/policy'
import type { OutHeaders } from '../headers.ts'
import type { Reply } from '../reply.ts'
import { streamHeaders } from './stream-headers.ts'

export interface KeepAliveOptions {
  readonly reply: Reply
  readonly clock: Clock
  /** In ms. */
  readonly every: number
  /** The headers that say who answers, where the head has to go out before anybody does. */
  readonly marks: () => OutHeaders
}

/** So many silences in a row it takes before the head goes out for their sake: once it is out, a failure has to be told inside the stream. */
const beforeTheHead = 3

/**
 * Keeps a stream from looking dead while a model thinks: after `every` ms without a byte for the client (or up to twice that, as it looks no more
 * often) a comment goes out, which clients pass over (WHATWG HTML §9.2.6) and balancers count as life. Answers how to stop.
 */
export function keepAlive({ reply, clock, every, marks }: KeepAliveOptions): () => void {
  let written = 0
  let silences = 0
  let cancel = clock.after(every, look)
  function look(): void {
    if (reply.ended) return
    cancel = clock.after(every, look)
    silences = reply.written === written ? silences + 1 : 0
    if (silences > 0 && !reply.behind && (reply.begun || silences >= beforeTheHead)) {
      if (!reply.begun) reply.begin(200, { ...streamHeaders, ...marks() })
      reply.write(comment)
    }
    written = reply.written
  }
  return () => cancel()
}

const comment = Buffer.from(': keep-alive\n\n')
