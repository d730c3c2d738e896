import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  ask as askAt,
  askStream as askStreamAt,
  type FakeProvider,
  fakeAnswer,
  fakeProvider,
  type GatewayServer,
  gatewayServer,
  quickPolicy,
  type Streamed,
} from './testing/index.ts'
import type { UpstreamPolicy } from './upstream.ts'

let one: FakeProvider
let two: FakeProvider
let door: GatewayServer

beforeEach(async () => {
  one = await fakeProvider('model-one')
  two = await fakeProvider('model-two')
  door = await serve({})
})

afterEach(async () => {
  await door[Symbol.asyncDispose]()
  await one.close()
  await two.close()
})

const serve = (policy: UpstreamPolicy, links = ['one', 'two', 'rules']): Promise<GatewayServer> =>
  gatewayServer({
    upstreams: {
      one: {
        dialect: 'openai',
        url: one.url,
        key: 'sk-one-secret-key',
        policy: { ...quickPolicy, ...policy },
      },
      two: { dialect: 'openai', url: two.url, model: 'big-two', policy: { ...quickPolicy, ...policy } },
    },
    chains: { default: links, pinned: ['one/tiny-one'] },
    rules: [{ match: /capital of (?<land>\w+)/i, answer: 'Ask an atlas about $<land>.' }],
  })

const restart = async (policy: UpstreamPolicy, links?: string[]): Promise<void> => {
  await door[Symbol.asyncDispose]()
  door = await serve(policy, links)
}

const ask = (body: object = {}, init: RequestInit = {}): Promise<Response> => askAt(door.url, body, init)
const askStream = (body: object = {}): Promise<Streamed> => askStreamAt(door.url, body)

interface Answer {
  readonly choices: readonly { readonly message: { readonly content: string } }[]
  readonly error: { readonly message: string }
  readonly data: readonly { readonly id: string }[]
}
const json = async (response: Response): Promise<Answer> => (await response.json()) as Answer
const content = async (response: Response): Promise<string | undefined> =>
  (await json(response)).choices[0]?.message.content

describe('gateway', () => {
  it('passes an answer through and says who gave it', async () => {
    const response = await ask()

    expect(response.status).toBe(200)
    expect(response.headers.get('x-holdfast-link')).toBe('one')
    expect(response.headers.get('x-holdfast-chain')).toBe('default')
    expect(response.headers.get('x-holdfast-attempts')).toBe('1')
    expect(response.headers.get('x-holdfast-failed')).toBeNull()
    expect(await response.json()).toMatchObject({ model: 'model-one', usage: { total_tokens: 17 } })
  })

  it('passes a stream through to its end', async () => {
    const { text, done, response } = await askStream()

    expect(text).toBe(fakeAnswer)
    expect(done).toBe(true)
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  })

  it('changes nothing of a request but model and key', async () => {
    const body =
      '{ "messages":[{"role":"user","content":"hi"}], "seed": 12345678901234567890, "model" : "pinned", "temperature":1.0 }'
    await ask(
      {},
      { body, headers: { authorization: 'Bearer client-secret', cookie: 'a=b', 'x-request-id': 'r1' } },
    )

    const [received] = one.received
    expect(received?.raw).toBe(body.replace('"pinned"', '"tiny-one"'))
    expect(received?.path).toBe('/v1/chat/completions')
    expect(received?.headers).toMatchObject({
      authorization: 'Bearer sk-one-secret-key',
      'x-request-id': 'r1',
    })
    expect(received?.headers.cookie).toBeUndefined()
  })

  it('keeps the client credentials from an upstream without a key', async () => {
    one.always({ does: 'refuse', status: 500 })
    await ask({}, { headers: { authorization: 'Bearer client-secret' } })

    expect(two.received[0]?.headers.authorization).toBeUndefined()
    expect(two.received[0]?.body.model).toBe('big-two')
  })

  it('tries the same upstream again after one failure', async () => {
    one.next({ does: 'refuse', status: 500 })
    const response = await ask()

    expect(response.headers.get('x-holdfast-link')).toBe('one')
    expect(response.headers.get('x-holdfast-attempts')).toBe('2')
  })

  it.each([
    ['always answers 503', { does: 'refuse', status: 503 }, 'transient'],
    ['always answers 429', { does: 'refuse', status: 429 }, 'throttled'],
    ['resets the connection', { does: 'reset' }, 'broken'],
    ['never answers', { does: 'stall' }, 'timeout'],
    ['breaks off before the answer is whole', { does: 'cut', after: 0 }, 'broken'],
    ['refuses the key', { does: 'refuse', status: 401 }, 'permanent'],
    ['does not know the model', { does: 'refuse', status: 404 }, 'permanent'],
    [
      'answers 200 with an error',
      { does: 'say', bytes: ['{"error":"Unexpected endpoint or method."}'] },
      'permanent',
    ],
    ['answers 200 with a web page', { does: 'say', bytes: ['<html>busy</html>'] }, 'transient'],
  ] as const)('lets the next link answer when the first %s', async (_, behaviour, reason) => {
    one.always(behaviour)
    const whole = await ask()

    expect(await content(whole)).toBe(fakeAnswer)
    expect(whole.headers.get('x-holdfast-link')).toBe('two')
    expect(whole.headers.get('x-holdfast-failed')).toBe(`one=${reason}`)
    const streamed = await askStream()
    expect(streamed.text).toBe(fakeAnswer)
    expect(streamed.response.headers.get('x-holdfast-link')).toBe('two')
  })

  it('asks a provider that let a time-out pass only once', async () => {
    one.always({ does: 'stall', after: 0 })
    await askStream()

    expect(one.received).toHaveLength(1)
  })

  it('waits as long as Retry-After says before it asks again', async () => {
    one.next({ does: 'refuse', status: 429, headers: { 'retry-after': '7' } })
    const response = await ask()

    expect(response.headers.get('x-holdfast-link')).toBe('two')
    expect(one.received).toHaveLength(1)
  })

  it.each([
    ['is cut', { does: 'cut', after: 5 }],
    ['falls silent', { does: 'stall', after: 5 }],
    ['turns to garbage', { does: 'garble', after: 5 }],
    [
      'carries an error',
      { does: 'fail', after: 5, error: { type: 'overloaded_error', message: 'Overloaded' } },
    ],
  ] as const)('goes on with the sentence when a stream %s in the middle of it', async (_, behaviour) => {
    one.always(behaviour)
    const { text, done, broken, raw } = await askStream()

    expect(text).toBe(fakeAnswer)
    expect(done).toBe(true)
    expect(broken).toBe(false)
    expect(raw).not.toContain('oops')
    expect(raw).toMatch(/^: .*x-holdfast-link=two\b/m)
  })

  it('ends with an error, never with [DONE], when nobody can go on with the sentence', async () => {
    one.always({ does: 'cut', after: 5 })
    two.always({ does: 'answer', text: 'Something else altogether.' })
    const { done, broken, error, text } = await askStream()

    expect(fakeAnswer.startsWith(text)).toBe(true)
    expect(done).toBe(false)
    expect(broken).toBe(true)
    expect(error).toMatchObject({ code: 'stream_broke_off' })
    expect(error?.message).toContain('another answer')
    expect(two.received).toHaveLength(1)
    expect(door.events.at(-1)?.type).toBe('chain.broke-off')
  })

  it('takes a stream without [DONE] for whole when its choices have finished', async () => {
    one.next({ does: 'forget-done' })
    const closed = await askStream()
    one.next({ does: 'forget-done', open: true })
    const open = await askStream()

    expect([closed.text, open.text]).toEqual([fakeAnswer, fakeAnswer])
    expect([closed.done, open.done]).toEqual([true, true])
    expect(one.received).toHaveLength(2)
  })

  it('hands the reason to the caller when the request itself is at fault', async () => {
    const error = {
      error: { message: 'no', type: 'invalid_request_error', code: 'content_policy_violation', param: null },
    }
    one.always({ does: 'refuse', status: 400, error })
    const response = await ask()

    expect(response.status).toBe(400)
    expect(await response.json()).toEqual(error)
    expect(one.received).toHaveLength(1)
    expect(two.received).toHaveLength(0)
  })

  it('lets a larger model answer what is too long for the first, and says so when none is', async () => {
    const error = {
      error: {
        message: 'too long',
        type: 'invalid_request_error',
        code: 'context_length_exceeded',
        param: 'messages',
      },
    }
    one.always({ does: 'refuse', status: 400, error })
    expect((await ask()).headers.get('x-holdfast-link')).toBe('two')

    two.always({ does: 'refuse', status: 400, error })
    const response = await ask({ messages: [{ role: 'user', content: 'capital of France' }] })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual(error)
  })

  it('stops asking an upstream whose breaker is open, and counts nothing but its own failures', async () => {
    await restart({ breaker: { failures: 2, openFor: 60_000 }, retry: { attempts: 1 } })
    one.always({ does: 'refuse', status: 503 })
    for (let asked = 0; asked < 4; asked++) await ask()
    const response = await ask()

    expect(one.received).toHaveLength(2)
    expect(response.headers.get('x-holdfast-failed')).toBe('one=open')
    expect(response.headers.get('x-holdfast-attempts')).toBe('1')
    expect(door.gateway.status().chains[0]?.links[0]?.breaker?.is).toBe('open')
    expect(door.events).toContainEqual(expect.objectContaining({ type: 'breaker.opened', policy: 'one' }))
  })

  it.each([
    ['clients ask wrongly', 400],
    ['a chain names a model that is not there', 404],
  ])('does not open a breaker because %s', async (_, status) => {
    await restart({ breaker: { failures: 2, openFor: 60_000 } })
    one.next(...Array.from({ length: 5 }, () => ({ does: 'refuse', status }) as const))
    for (let asked = 0; asked < 5; asked++) await ask()

    expect((await ask()).headers.get('x-holdfast-link')).toBe('one')
  })

  describe('when no model can answer', () => {
    beforeEach(() => {
      one.always({ does: 'refuse', status: 503 })
      two.always({ does: 'reset' })
    })
    const question = {
      messages: [
        { role: 'system', content: 'x' },
        { role: 'user', content: [{ type: 'text', text: 'What is the capital of France?' }] },
      ],
    }

    it('answers by a rule, and says that it is no model', async () => {
      const response = await ask(question)

      expect(response.headers.get('x-holdfast-degraded')).toBe('rules')
      expect(response.headers.get('x-holdfast-link')).toBe('rules')
      expect(await response.json()).toMatchObject({
        model: 'rules',
        object: 'chat.completion',
        choices: [{ message: { content: 'Ask an atlas about France.' }, finish_reason: 'stop' }],
      })
    })

    it('streams the answer of a rule', async () => {
      const { text, done, raw, response } = await askStream({
        ...question,
        stream_options: { include_usage: true },
      })

      expect(text).toBe('Ask an atlas about France.')
      expect(done).toBe(true)
      expect(raw).toContain('"usage":{"prompt_tokens":0')
      expect(response.headers.get('x-holdfast-degraded')).toBe('rules')
    })

    it.each([
      ['no rule matches', {}, 'no rule matches'],
      ['it asks for tools', { ...question, tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools'],
      ['it asks for a format', { ...question, response_format: { type: 'json_object' } }, 'response format'],
    ])('refuses with every link, its reason and when to come back where %s', async (_, body, why) => {
      const response = await ask(body)
      const { error } = await json(response)

      expect(response.status).toBe(503)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(error).toMatchObject({
        code: 'chain_exhausted',
        links: [
          { link: 'one', class: 'transient', status: 503, attempts: 2 },
          { link: 'two', class: 'broken' },
          { link: 'rules', class: 'unable' },
        ],
      })
      expect(error.message).toContain(why)
    })
  })

  it('never repeats a key, not even one that the provider repeats', async () => {
    one.always({
      does: 'refuse',
      status: 401,
      error: { error: { message: 'Incorrect API key provided: sk-one-secret-key.' } },
    })
    two.always({
      does: 'refuse',
      status: 500,
      error: { error: { message: 'bad token Bearer abcdef and sk-other-zzyzxzz' } },
    })
    const told = await (await ask({ tools: [{}] })).text()

    expect(told).not.toMatch(/secret-key|abcdef|zzyzx/)
    expect(JSON.stringify(door.events)).not.toMatch(/secret-key|abcdef|zzyzx/)
  })

  it.each([true, false])('ends the upstream call when the client goes away (stream: %s)', async (stream) => {
    await restart({ timeout: { headers: 60_000, firstToken: 60_000, idle: 60_000 } })
    one.always({ does: 'stall', after: 3 })
    const client = new AbortController()
    const answer = ask({ stream }, { signal: client.signal }).then((response) => response.text())
    await one.seen(1)
    client.abort()

    await expect(answer).rejects.toThrow()
    await one.received[0]?.left
    expect(one.received).toHaveLength(1)
    expect(two.received).toHaveLength(0)
  })

  it('lists its chains as models', async () => {
    const { data } = await json(await fetch(`${door.url}/v1/models`))

    expect(data.map(({ id }) => id)).toEqual(['default', 'pinned'])
  })

  it.each([
    ['/v1/models/pinned', 200, { id: 'pinned', object: 'model' }],
    ['/v1/models/p%69nned?x=1', 200, { id: 'pinned' }],
    ['/v1/models/nobody', 404, { error: { code: 'model_not_found' } }],
    ['/v1/models/%E0%A4%A', 404, { error: { code: 'model_not_found' } }],
    ['/v1/models/', 404, { error: { code: 'model_not_found' } }],
  ])('tells of one model: %s', async (path, status, told) => {
    const answer = await fetch(`${door.url}${path}`)

    expect([answer.status, await answer.json()]).toMatchObject([status, told])
  })

  it.each([
    ['a body that is no JSON', { body: '{"model":' }, 400, 'JSON object'],
    ['a body that is a list', { body: '[]' }, 400, 'JSON object'],
    ['no model', { body: '{"messages":[{}]}' }, 400, '/v1/models'],
    ['no messages', { body: '{"model":"default","messages":[]}' }, 400, 'messages'],
    [
      'a stream that is no boolean',
      { body: '{"model":"default","messages":[{}],"stream":"yes"}' },
      400,
      'stream',
    ],
    ['an unknown chain', { body: '{"model":"gpt-9","messages":[{}]}' }, 404, "'default', 'pinned'"],
    ['a wrong method', { method: 'GET', body: null }, 405, 'POST'],
  ])('says what is wrong with %s', async (_, init, status, hint) => {
    const response = await ask({}, init)

    expect(response.status).toBe(status)
    expect((await json(response)).error.message).toContain(hint)
    expect(one.received).toHaveLength(0)
  })

  it.each([
    ['/livez', 'alive', 'live'],
    ['/readyz', 'ready', 'ready'],
  ] as const)(
    'is well at %s when nobody says otherwise, and else says why not',
    async (path, word, asked) => {
      const well = await fetch(`${door.url}${path}?verbose`)
      expect([well.status, await well.text()]).toEqual([200, `${word}\n`])
      await using other = await gatewayServer({
        upstreams: {},
        chains: {},
        [asked]: async () => ({ ok: false, reasons: ['the moon'] }),
      })

      const ill = await fetch(`${other.url}${path}`, { headers: { accept: 'application/json' } })
      const head = await fetch(`${other.url}${path}`, { method: 'HEAD' })
      const others = await Promise.all(['/livez', '/readyz'].map((each) => fetch(`${other.url}${each}`)))

      expect([ill.status, await ill.json()]).toEqual([503, { ok: false, reasons: ['the moon'] }])
      expect([head.status, await head.text()]).toEqual([503, ''])
      expect(others.filter(({ ok }) => ok)).toHaveLength(1)
    },
  )

  it('counts what it did', async () => {
    one.always({ does: 'refuse', status: 503 })
    await ask()
    const [chain] = door.gateway.status().chains

    expect(chain?.counts).toMatchObject({
      requests: 1,
      failed: 0,
      answered: { two: 1 },
      passedOver: { one: { transient: 1 } },
    })
    expect(chain?.links[0]).toMatchObject({ attempts: 2, failures: { transient: 2 } })
    expect(door.gateway.status().inFlight).toBe(0)
  })
})
