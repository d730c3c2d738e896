import { type IncomingMessage, request } from 'node:http'

/** What became of one request: who answered and with what, or how it failed. */
export type Fate =
  | { readonly is: 'answered'; readonly by: string; readonly text: string }
  /** A clean error, before or in the middle of an answer: nothing was presented as whole. */
  | { readonly is: 'refused'; readonly status: number; readonly why: string }
  /** The connection failed without a word. */
  | { readonly is: 'dropped'; readonly why: string }
  /** Presented as whole without being so. */
  | { readonly is: 'truncated'; readonly raw: string }

export interface Asked {
  readonly port: number
  readonly question: string
  readonly stream: boolean
}

/** Asks the chain `default` on a connection of its own, and judges the answer as a strict client would. */
export async function ask({ port, question, stream }: Asked): Promise<Fate> {
  try {
    const response = await posted(port, {
      model: 'default',
      stream,
      messages: [{ role: 'user', content: question }],
    })
    let raw = ''
    response.setEncoding('utf8')
    try {
      for await (const part of response) raw += part
    } catch (error) {
      if (raw.includes('"error"')) return { is: 'refused', status: 200, why: raw.slice(-500) }
      throw error
    }
    const by = String(response.headers['x-holdfast-link'])
    if (response.statusCode !== 200) return { is: 'refused', status: response.statusCode ?? 0, why: raw }
    return stream ? streamed(raw, by) : whole(raw, by)
  } catch (error) {
    return { is: 'dropped', why: error instanceof Error ? error.message : String(error) }
  }
}

function whole(raw: string, by: string): Fate {
  try {
    const { choices } = JSON.parse(raw) as { choices: { message: { content: string } }[] }
    return { is: 'answered', by, text: choices[0]?.message.content ?? '' }
  } catch {
    return { is: 'truncated', raw }
  }
}

function streamed(raw: string, by: string): Fate {
  const events = raw
    .split('\n\n')
    .flatMap((event) => (event.startsWith('data: ') ? [event.slice('data: '.length)] : []))
  if (events.some((data) => data.startsWith('{"error"')))
    return { is: 'refused', status: 200, why: raw.slice(-500) }
  if (events.pop() !== '[DONE]') return { is: 'truncated', raw }
  const text = events.map(
    (data) =>
      (JSON.parse(data) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? '',
  )
  return { is: 'answered', by, text: text.join('') }
}

function posted(port: number, body: object): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port,
        path: '/v1/chat/completions',
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json' },
      },
      resolve,
    )
    call.on('error', reject)
    call.end(JSON.stringify(body))
  })
}
