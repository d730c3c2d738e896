import { wholeAnswer } from './answer.ts'

/** How a client asks: both ways are judged. */
export type Manner = 'streaming' | 'whole'

/** What one caller got. */
export interface Call {
  /**
   * `whole`: every word, and an end; `error`: the gateway said that it could not, or broke the connection off so that any client notices;
   * `truncated`: less or other than the answer, in the guise of one; `hang`: neither in time.
   */
  readonly got: 'whole' | 'error' | 'truncated' | 'hang'
  readonly status: number
  readonly raw: string
  readonly model: string | undefined
  readonly usage: object | undefined
  readonly ms: number
}

/** A gateway under test: where its clients ask, and for which model. */
export interface Door {
  readonly url: string
  readonly model: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Question extends Door {
  /** In ms. */
  readonly within: number
}

/** Asks once, as a client without a library would, and never tries again. */
export async function call({ url, model, headers, within }: Question, manner: Manner): Promise<Call> {
  const began = performance.now()
  const stream = manner === 'streaming'
  const body = {
    model,
    messages: [{ role: 'user', content: 'Say the sixty words.' }],
    ...(stream && { stream, stream_options: { include_usage: true } }),
  }
  let raw = ''
  let status = 0
  let closed: 'well' | 'broken' | 'late' = 'well'
  try {
    const response = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(within),
    })
    status = response.status
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) raw += part
  } catch (error) {
    closed = (error as Error).name === 'TimeoutError' ? 'late' : 'broken'
  }
  const read = stream && status === 200 ? ofStream(raw) : ofOne(raw)
  const said = closed === 'well' && status === 200 && !read.error
  const got =
    closed === 'late'
      ? 'hang'
      : !said
        ? 'error'
        : read.text === wholeAnswer && read.ended
          ? 'whole'
          : 'truncated'
  return { got, status, raw, model: read.model, usage: read.usage, ms: performance.now() - began }
}

interface Reading {
  readonly text: string
  readonly ended: boolean
  readonly error: boolean
  readonly model: string | undefined
  readonly usage: object | undefined
}

interface Json {
  readonly error?: unknown
  readonly model?: string
  readonly usage?: object | null
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string }
    readonly message?: { readonly content?: string }
    readonly finish_reason?: string | null
  }[]
}

const nothing: Reading = { text: '', ended: false, error: false, model: undefined, usage: undefined }

function ofOne(raw: string): Reading {
  const json = parsed(raw)
  const [choice] = json?.choices ?? []
  if (!json) return nothing
  return {
    text: choice?.message?.content ?? '',
    ended: typeof choice?.finish_reason === 'string',
    error: json.error !== undefined,
    model: json.model,
    usage: json.usage ?? undefined,
  }
}

/** An event that is no JSON makes it another text than the answer, as it makes a client throw. */
function ofStream(raw: string): Reading {
  let reading = nothing
  for (const [, data = ''] of raw.matchAll(/^data: ?(.*)$/gm)) {
    if (data === '[DONE]') continue
    const json = parsed(data)
    if (!json) return { ...reading, text: 'garbage' }
    const [choice] = json.choices ?? []
    reading = {
      text: reading.text + (choice?.delta?.content ?? ''),
      ended: reading.ended || typeof choice?.finish_reason === 'string',
      error: reading.error || json.error !== undefined,
      model: json.model ?? reading.model,
      usage: json.usage ?? reading.usage,
    }
  }
  return reading
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
