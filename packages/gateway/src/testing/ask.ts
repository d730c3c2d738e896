/** Asks a gateway, as a client without a library would. */
export function ask(url: string, body: object = {}, init: RequestInit = {}): Promise<Response> {
  const messages = [{ role: 'user', content: 'Tell me of the fox.' }]
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'default', messages, ...body }),
    headers: { 'content-type': 'application/json' },
    ...init,
  })
}

/** What a client makes of a stream. */
export interface Streamed {
  readonly text: string
  /** Whether the last event was `[DONE]`. */
  readonly done: boolean
  readonly error: { readonly code: string; readonly message: string } | undefined
  readonly raw: string
  /** Whether the connection was closed inside the body. */
  readonly broken: boolean
  readonly response: Response
}

export async function askStream(url: string, body: object = {}): Promise<Streamed> {
  const response = await ask(url, { stream: true, ...body })
  let raw = ''
  let broken = false
  try {
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) raw += part
  } catch {
    broken = true
  }
  const events = raw
    .split(/(?:\r\n|\n|\r)(?:\r\n|\n|\r)/)
    .map((event) => [...event.matchAll(/^data: ?(.*)$/gm)].map(([, line]) => line).join('\n'))
    .filter((data) => data !== '')
  const chunks = events.filter((data) => data !== '[DONE]').map((data) => JSON.parse(data))
  return {
    text: chunks.map((chunk) => chunk.choices?.[0]?.delta?.content ?? '').join(''),
    done: events.at(-1) === '[DONE]',
    error: chunks.find((chunk) => chunk.error)?.error,
    raw,
    broken,
    response,
  }
}
