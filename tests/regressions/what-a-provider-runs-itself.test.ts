import { gatewayServer, quickPolicy, rawAnswer, rawProvider } from '@holdfast/gateway/testing'
import { afterEach, describe, expect, it } from 'vitest'

/*
 * Anthropic's own tools (web search, code, MCP) were taken for calls of the client's: a stream with one was kept back to its end, and one that was
 * asked for in place of an answer in one piece lost their results and got a nameless call of a tool instead.
 */

const things: AsyncDisposable[] = []

afterEach(async () => {
  for (const thing of things.splice(0)) await thing[Symbol.asyncDispose]()
})

const event = (type: string, more: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
const usage = { input_tokens: 1, output_tokens: 1 }
const block = (index: number, content_block: object, ...deltas: object[]): string =>
  event('content_block_start', { index, content_block }) +
  deltas.map((delta) => event('content_block_delta', { index, delta })).join('') +
  event('content_block_stop', { index })

const start = event('message_start', {
  message: { id: 'm', type: 'message', role: 'assistant', model: 'c', content: [], usage },
})
const search = { type: 'server_tool_use', id: 's1', name: 'web_search' }
const found = { type: 'web_search_tool_result', tool_use_id: 's1', content: [{ url: 'https://fox.example' }] }
const citation = { type: 'web_search_result_location', cited_text: 'a fox' }
const looked =
  block(0, { ...search, input: {} }, { type: 'input_json_delta', partial_json: '{"query":"fox"}' }) +
  block(1, found)
const said = block(
  2,
  { type: 'text', text: '' },
  { type: 'text_delta', text: 'A fox.' },
  { type: 'citations_delta', citation },
)
const end =
  event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } }) +
  event('message_stop', {})

interface Door {
  readonly url: string
  readonly goOn: (rest: string) => void
}

async function open(beginning: string): Promise<Door> {
  const over = Promise.withResolvers<string>()
  const provider = await rawProvider((socket) => {
    socket.write(rawAnswer(['content-type: text/event-stream', 'connection: close'], beginning))
    over.promise.then((rest) => socket.end(rest))
  })
  const door = await gatewayServer({
    upstreams: { claude: { dialect: 'anthropic', url: provider.url, streams: true, policy: quickPolicy } },
    chains: { default: ['claude'] },
  })
  things.push(door, provider)
  return { url: door.url, goOn: over.resolve }
}

function ask(url: string, stream: boolean): Promise<Response> {
  const body = { model: 'default', max_tokens: 9, stream, messages: [{ role: 'user', content: 'Fox?' }] }
  return fetch(`${url}/v1/messages`, { method: 'POST', body: JSON.stringify(body) })
}

/** What comes until there is `mark`, or to the end. */
async function heard(reader: ReadableStreamDefaultReader<string>, mark?: string): Promise<string> {
  let all = ''
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    all += part.value
    if (mark !== undefined && all.includes(mark)) break
  }
  return all
}

describe('what a provider runs itself', () => {
  it('reaches the client of a stream as it comes', async () => {
    const { url, goOn } = await open(start + looked)
    const reader = (await ask(url, true)).body!.pipeThrough(new TextDecoderStream()).getReader()
    const first = await heard(reader, 'web_search_tool_result')
    goOn(said + end)

    expect(first + (await heard(reader))).toBe(start + looked + said + end)
  })

  it('is in an answer in one piece that was made of a stream', async () => {
    const { url, goOn } = await open(start + looked)
    goOn(said + end)
    const answer = (await (await ask(url, false)).json()) as { content: object[] }

    expect(answer.content).toEqual([
      { ...search, input: { query: 'fox' } },
      found,
      { type: 'text', text: 'A fox.', citations: [citation] },
    ])
    expect(answer).toMatchObject({ stop_reason: 'end_turn', usage: { input_tokens: 1, output_tokens: 9 } })
  })

  it('is never gone on with by another answer', async () => {
    const { url, goOn } = await open(
      start + looked + event('content_block_start', { index: 2, content_block: search }),
    )
    const reader = (await ask(url, true)).body!.pipeThrough(new TextDecoderStream()).getReader()
    await heard(reader, '"index":2')
    goOn('')

    await expect(heard(reader)).rejects.toThrow()
  })
})
