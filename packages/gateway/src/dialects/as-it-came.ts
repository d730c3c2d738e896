import { type SseEvent, sseData } from '../sse.ts'
import { text, type WireObject } from './wire-value.ts'

/*
 * The gateway thinks in the OpenAI wire. Where client and upstream both speak Anthropic's, what came travels along with what it means, and goes out
 * untouched: an event in a comment before its meaning, an answer in a field beside it. Whatever changes the meaning on the way writes it anew and so
 * leaves what came behind.
 */

/** An event of a stream with what it means. */
export function eventWithMeaning(event: SseEvent, meaning: WireObject): Buffer {
  return Buffer.concat([Buffer.from(`: ${JSON.stringify(event.bytes.toString('utf8'))}\n`), sseData(meaning)])
}

/** The event as it came, where it travelled along. */
export function eventAsItCame({ bytes, data }: SseEvent): string | undefined {
  if (data === undefined || bytes[0] !== colon || bytes[2] !== quote) return undefined
  return JSON.parse(bytes.toString('utf8', 2, bytes.indexOf(lineEnd))) as string
}

const colon = 58
const quote = 34
const lineEnd = 10

const field = 'holdfast_as_it_came'

/** An answer's meaning with the answer as it came. */
export function answerWithMeaning(came: string, meaning: WireObject): WireObject {
  return { ...meaning, [field]: came }
}

/** The answer as it came, where it travelled along; empty where it did not. */
export function answerAsItCame(meaning: WireObject): string {
  return text(meaning[field])
}
