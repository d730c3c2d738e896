import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { known } from '../examples/quickstart/answers.ts'

const state = mkdtempSync(join(tmpdir(), 'quickstart-'))
const { question, answer } = known[0]!
const words = answer.split(' ')
const messages = [{ role: 'user' as const, content: question }]

async function provider(name: string, port = '0') {
  const file = join(import.meta.dirname, '../examples/quickstart/provider.ts')
  const args = [file, '--name', name, '--port', port, '--pace', '0', '--state', state]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface(child.stdout), 'line')
  const [url = '', taken = ''] = /http:\S+:(\d+)\/v1/.exec(String(line)) ?? []
  const origin = url.replace('/v1', '')
  return {
    child,
    port: taken,
    line: String(line),
    openai: new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0 }),
    get: async (path: string) => (await fetch(origin + path)).json(),
    ask: (body: unknown, signal: AbortSignal | null = null) =>
      fetch(`${url}/chat/completions`, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        signal,
      }),
    behave: (mode: string) => fetch(`${origin}/behave`, { method: 'POST', body: JSON.stringify({ mode }) }),
    async end(signal: NodeJS.Signals = 'SIGTERM') {
      const exited = once(child, 'exit')
      child.kill(signal)
      return exited
    },
  }
}

type Wire = {
  id: string
  object: string
  model: string
  usage?: { completion_tokens: number } | null
  choices: { index: number; delta: { role?: string; content?: string }; finish_reason: string | null }[]
}

const chunks = (text: string): Wire[] =>
  text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice(6)))

/** All that came before a body broke off. */
async function untilBroken(response: Response): Promise<{ text: string; broken: boolean }> {
  let text = ''
  try {
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) text += piece
    return { text, broken: false }
  } catch {
    return { text, broken: true }
  }
}

describe('the quickstart provider', () => {
  let primary: Awaited<ReturnType<typeof provider>>
  beforeAll(async () => {
    primary = await provider('primary')
  })
  afterAll(async () => {
    await primary.end()
    rmSync(state, { recursive: true })
  })

  const inMode = async <T>(mode: string, work: () => Promise<T>): Promise<T> => {
    expect((await primary.behave(mode)).status).toBe(200)
    try {
      return await work()
    } finally {
      await primary.behave('ok')
    }
  }

  it('says in one line where it answers', () => {
    expect(primary.line).toBe(`primary answers on http://127.0.0.1:${primary.port}/v1`)
  })

  it('tells its health and its model', async () => {
    expect(await primary.get('/health')).toEqual({ status: 'ok' })
    const { data } = await primary.openai.models.list()
    expect(data).toMatchObject([{ id: 'primary', object: 'model' }])
  })

  it('answers the OpenAI client with the known text, under its own name, with usage', async () => {
    const told = await primary.openai.chat.completions.create({ model: 'any', messages })
    expect(told).toMatchObject({ object: 'chat.completion', model: 'primary' })
    expect(told.choices).toMatchObject([
      { index: 0, message: { role: 'assistant', content: answer }, finish_reason: 'stop' },
    ])
    const asked = question.split(' ').length
    expect(told.usage).toEqual({
      prompt_tokens: asked,
      completion_tokens: words.length,
      total_tokens: asked + words.length,
    })
  })

  it('streams the same text to the OpenAI client, usage last if asked for', async () => {
    const stream = await primary.openai.chat.completions.create({
      model: 'any',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let usage: { completion_tokens: number } | null | undefined
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage
    }
    expect(text).toBe(answer)
    expect(usage?.completion_tokens).toBe(words.length)
  })

  it('streams a role, a chunk a word, a finish reason and [DONE]', async () => {
    const response = await primary.ask({ model: 'any', messages, stream: true })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const text = await response.text()
    const told = chunks(text)
    expect(told).toHaveLength(words.length + 2)
    expect(new Set(told.map(({ id, object, model }) => `${id} ${object} ${model}`)).size).toBe(1)
    expect(told[0]?.choices[0]).toEqual({
      index: 0,
      delta: { role: 'assistant', content: '' },
      finish_reason: null,
    })
    expect(told.at(-1)?.choices[0]).toEqual({ index: 0, delta: {}, finish_reason: 'stop' })
    expect(told.some((chunk) => 'usage' in chunk)).toBe(false)
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  it('goes on with an answer that somebody else began, and with no other', async () => {
    const rest = async (begun: string) => {
      const message = { role: 'assistant' as const, content: begun }
      const stream = await primary.openai.chat.completions.create({
        model: 'any',
        messages: [...messages, message],
        stream: true,
      })
      let text = ''
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
      return text
    }

    for (const begun of [words.slice(0, 5).join(' '), answer.slice(0, 33), answer])
      expect(begun + (await rest(begun))).toBe(answer)
    expect(await rest('Something else')).toBe(answer)
  })

  it('repeats a question that it does not know', async () => {
    const unknown = [
      { role: 'user' as const, content: [{ type: 'text' as const, text: 'Is it raining in Graz?' }] },
    ]
    const told = await primary.openai.chat.completions.create({ model: 'any', messages: unknown })
    expect(told.choices[0]?.message.content).toContain('"Is it raining in Graz?"')
  })

  it.each([
    ['no JSON', '{', null],
    ['no object', '[]', null],
    ['no model', { messages }, 'model'],
    ['no messages', { model: 'any' }, 'messages'],
    ['empty messages', { model: 'any', messages: [] }, 'messages'],
    ['a message without a role', { model: 'any', messages: [{ content: 'hi' }] }, 'messages[0]'],
    ['odd content', { model: 'any', messages: [{ role: 'user', content: 7 }] }, 'messages[0].content'],
    ['no question', { model: 'any', messages: [{ role: 'system', content: 'hi' }] }, 'messages'],
    ['an odd stream flag', { model: 'any', messages, stream: 'yes' }, 'stream'],
    ['odd stream options', { model: 'any', messages, stream_options: true }, 'stream_options'],
    ['a huge body', { model: 'any', messages, padding: 'x'.repeat(1_000_000) }, null],
  ])('refuses %s with a 400 that names the parameter', async (_, body, param) => {
    const response = await primary.ask(body)
    expect(response.status).toBe(400)
    const { error } = (await response.json()) as { error: object }
    expect(error).toEqual({ message: expect.any(String), type: 'invalid_request_error', param, code: null })
  })

  it('refuses a mode that it does not know, and paths that it does not have', async () => {
    const odd = await primary.behave('explode')
    expect(odd.status).toBe(400)
    expect(await odd.json()).toMatchObject({ error: { param: 'mode' } })
    expect(await primary.get('/nowhere')).toMatchObject({
      error: { message: 'There is no GET /nowhere here.' },
    })
  })

  it('fail: answers 503', () =>
    inMode('fail', async () => {
      const response = await primary.ask({ model: 'any', messages })
      expect(response.status).toBe(503)
      expect(await response.json()).toMatchObject({ error: { type: 'server_error' } })
    }))

  it('throttle: answers 429 and when to come back', () =>
    inMode('throttle', async () => {
      const response = await primary.ask({ model: 'any', messages })
      expect(response.status).toBe(429)
      expect(response.headers.get('retry-after')).toBe('1')
      expect(await response.json()).toMatchObject({ error: { type: 'rate_limit_error' } })
    }))

  it('stall: sends the head of a stream and then nothing', () =>
    inMode('stall', async () => {
      const gone = new AbortController()
      const response = await primary.ask({ model: 'any', messages, stream: true }, gone.signal)
      expect(response.status).toBe(200)
      const first = response.body!.getReader().read()
      const other = primary.get('/health').then(() => 'silent so far')
      expect(await Promise.race([first.catch(() => 'broken'), other])).toBe('silent so far')
      gone.abort()
      await expect(first).rejects.toThrow()
    }))

  it('cut: breaks a stream off after a third of its words', () =>
    inMode('cut', async () => {
      const { text, broken } = await untilBroken(await primary.ask({ model: 'any', messages, stream: true }))
      expect(broken).toBe(true)
      expect(chunks(text)).toHaveLength(1 + Math.ceil(words.length / 3))
      expect(text).not.toContain('[DONE]')
    }))

  it('cut: breaks a whole answer off too', () =>
    inMode('cut', async () => {
      const { text, broken } = await untilBroken(await primary.ask({ model: 'any', messages }))
      expect(broken).toBe(true)
      expect(text).toMatch(/^\{"id"/)
    }))

  it('slow: answers all the same', () =>
    inMode('slow', async () => {
      const told = await primary.openai.chat.completions.create({ model: 'any', messages })
      expect(told.choices[0]?.message.content).toBe(answer)
    }))

  it('counts the questions that it has seen', async () => {
    const before = (await primary.get('/behave')) as { requests: number }
    await primary.ask({ model: 'any', messages })
    await primary.ask('{')
    expect(await primary.get('/behave')).toEqual({
      name: 'primary',
      mode: 'ok',
      requests: before.requests + 2,
    })
  })

  it('stays broken across a restart, and says the same as any other once mended', async () => {
    const first = await provider('secondary')
    await first.behave('fail')
    expect(await first.end('SIGKILL')).toEqual([null, 'SIGKILL'])
    const again = await provider('secondary', first.port)
    expect(await again.get('/behave')).toEqual({ name: 'secondary', mode: 'fail', requests: 0 })
    await again.behave('ok')
    const told = await again.openai.chat.completions.create({ model: 'any', messages })
    expect([told.model, told.choices[0]?.message.content]).toEqual(['secondary', answer])
    expect(await again.end()).toEqual([0, null])
  })

  it('ends at once on SIGTERM, in the middle of an answer', async () => {
    const busy = await provider('busy')
    await busy.behave('stall')
    const response = await busy.ask({ model: 'any', messages, stream: true })
    expect(await busy.end()).toEqual([0, null])
    expect((await untilBroken(response)).broken).toBe(true)
  })
})
