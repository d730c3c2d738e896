import type { OutHeaders } from '../headers.ts'
import type { Reply } from '../reply.ts'
import { streamHeaders } from '../stream/stream-headers.ts'
import type { KeptAnswer } from './kept-answer.ts'

/** Gives a kept answer whole: at once, in the form in which it is kept. `now` is in ms since 1970; `Age` is as in RFC 9111 §5.1. */
export function giveKept(
  reply: Reply,
  { type, at, body }: KeptAnswer,
  saying: { headers: OutHeaders; now: number },
): void {
  if (!reply.begun) {
    const form = /^text\/event-stream\b/i.test(type)
      ? streamHeaders
      : { 'content-length': String(body.length) }
    const age = String(Math.max(0, Math.floor((saying.now - at) / 1_000)))
    reply.begin(200, { ...form, 'content-type': type, ...saying.headers, age })
  }
  reply.end(body)
}
