import { type Answering, answering, takenUp } from './answering.ts'

/** What happens to one streamed question, in this order: `answering`, `text` … `text`, perhaps `taken up` and more text, then one of the ends. */
export type Part =
  | { is: 'answering'; by: Answering; after: number } // ms until the first word
  | { is: 'text'; text: string }
  | { is: 'taken up'; by: Answering; after: number } // in the middle: ms since the last word before
  | { is: 'done' }
  | { is: 'broken'; why: string } // it ended in the middle
  | { is: 'refused'; status: number; why: string } // there never was an answer
  | { is: 'unreachable'; why: string }

/**
 * Asks one question over the OpenAI wire and tells the answer as it comes. `base` ends in `/v1`.
 * It throws only what the signal's owner aborts with; everything else that goes wrong is a part.
 */
export async function* ask(question: string, base: string, signal: AbortSignal): AsyncGenerator<Part> {
  const started = performance.now()
  let response: Response
  try {
    response = await fetch(`${base}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'default',
        stream: true,
        messages: [{ role: 'user', content: question }],
      }),
      signal,
    })
  } catch (error) {
    signal.throwIfAborted()
    return yield { is: 'unreachable', why: reason(error) }
  }
  if (!response.ok || !response.body) {
    const why = errorIn(await response.text().catch(() => '')) ?? response.statusText
    return yield { is: 'refused', status: response.status, why }
  }
  let spoken = false
  let heard = performance.now()
  try {
    for await (const { data, comment } of events(response.body.pipeThrough(new TextDecoderStream()))) {
      if (comment !== undefined) {
        const by = takenUp(comment)
        if (by) yield { is: 'taken up', by, after: performance.now() - heard }
        continue
      }
      if (data === '[DONE]') return yield { is: 'done' }
      const broken = errorIn(data)
      if (broken !== undefined) return yield { is: 'broken', why: broken }
      const text = contentIn(data)
      if (text === '') continue
      if (!spoken) {
        yield { is: 'answering', by: answering(response.headers), after: performance.now() - started }
      }
      spoken = true
      heard = performance.now()
      yield { is: 'text', text }
    }
  } catch (error) {
    signal.throwIfAborted()
    return yield { is: 'broken', why: reason(error) }
  }
  yield { is: 'broken', why: 'the stream ended before the answer did' }
}

/** A server-sent event: its data, or what its comment says. */
export type Event = { data: string; comment?: never } | { data?: never; comment: string }

/** Each server-sent event, however the text is cut into pieces. An event without its blank line is not one. */
export async function* events(pieces: AsyncIterable<string>): AsyncGenerator<Event> {
  let rest = ''
  for await (const piece of pieces) {
    rest += piece
    // A carriage return at the very end may be half of a line break: it waits for the next piece.
    const complete = rest.endsWith('\r') ? rest.slice(0, -1) : rest
    const blocks = complete.split(/\r\n\r\n|\n\n|\r\r/)
    rest = (blocks.pop() ?? '') + rest.slice(complete.length)
    for (const block of blocks) {
      const said = (field: string) =>
        block
          .split(/\r\n|\n|\r/)
          .filter((line) => line.startsWith(field))
          .map((line) => line.slice(field.length).replace(/^ /, ''))
      const [data, comment] = [said('data:'), said(':')]
      if (data.length > 0) yield { data: data.join('\n') }
      else if (comment.length > 0) yield { comment: comment.join('\n') }
    }
  }
}

type Wire = {
  error?: { message?: string }
  choices?: { delta?: { content?: string | null } }[]
}

function contentIn(data: string): string {
  return (JSON.parse(data) as Wire).choices?.[0]?.delta?.content ?? ''
}

function errorIn(data: string): string | undefined {
  try {
    const { error } = JSON.parse(data) as Wire
    return error && (error.message ?? 'an error without a message')
  } catch {
    return undefined
  }
}

function reason(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? cause.message || message : message
}
