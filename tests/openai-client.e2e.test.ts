import {
  type FakeProvider,
  fakeAnswer,
  fakeProvider,
  type GatewayServer,
  gatewayServer,
} from '@holdfast/gateway/testing'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

let one: FakeProvider
let two: FakeProvider
let door: GatewayServer
let client: OpenAI

beforeAll(async () => {
  one = await fakeProvider('model-one')
  two = await fakeProvider('model-two')
  const policy = {
    retry: { attempts: 1 },
    breaker: { failures: 1_000 },
    timeout: { firstToken: 500, idle: 500 },
  }
  door = await gatewayServer({
    upstreams: {
      first: { dialect: 'openai', url: one.url, policy },
      second: { dialect: 'openai', url: two.url, policy },
    },
    chains: { default: ['first', 'second', 'rules'] },
    rules: [{ match: /anyone there/i, answer: 'Only the rules.' }],
  })
  client = new OpenAI({ baseURL: `${door.url}/v1`, apiKey: 'unused', maxRetries: 0 })
})

afterAll(async () => {
  await door[Symbol.asyncDispose]()
  await one.close()
  await two.close()
})

beforeEach(() => {
  one.always({ does: 'answer', usage: true })
  two.always({ does: 'answer', usage: true })
})

const asked = { model: 'default', messages: [{ role: 'user', content: 'Is anyone there?' }] } as const

const streamed = async (): Promise<string> => {
  let text = ''
  for await (const chunk of await client.chat.completions.create({
    ...asked,
    messages: [...asked.messages],
    stream: true,
  })) {
    text += chunk.choices[0]?.delta.content ?? ''
  }
  return text
}

describe('the openai package', () => {
  it('gets a completion', async () => {
    const completion = await client.chat.completions.create({ ...asked, messages: [...asked.messages] })

    expect(completion).toMatchObject({ model: 'model-one', choices: [{ message: { content: fakeAnswer } }] })
    expect(completion.usage?.total_tokens).toBe(17)
  })

  it('gets a stream through its own helper, usage included', async () => {
    const stream = client.chat.completions.stream({
      ...asked,
      messages: [...asked.messages],
      stream_options: { include_usage: true },
    })

    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe(fakeAnswer)
    expect((await stream.totalUsage()).total_tokens).toBe(17)
  })

  it('gets the answer of a rule, whole and streamed', async () => {
    one.always({ does: 'refuse', status: 503 })
    two.always({ does: 'refuse', status: 503 })

    const completion = await client.chat.completions.create({ ...asked, messages: [...asked.messages] })
    expect(completion).toMatchObject({
      model: 'rules',
      choices: [{ message: { content: 'Only the rules.' } }],
    })
    expect(await streamed()).toBe('Only the rules.')
  })

  it('raises what went wrong when no link can answer', async () => {
    one.always({ does: 'refuse', status: 503 })
    two.always({ does: 'reset' })
    const request = client.chat.completions.create({
      model: 'default',
      messages: [{ role: 'user', content: 'x' }],
    })

    await expect(request).rejects.toMatchObject({
      status: 503,
      code: 'chain_exhausted',
      type: 'service_unavailable',
    })
  })

  it('raises the provider’s own reason when the request is at fault', async () => {
    one.always({
      does: 'refuse',
      status: 400,
      error: { error: { message: 'bad', code: 'content_policy_violation', type: 'invalid_request_error' } },
    })

    await expect(
      client.chat.completions.create({ ...asked, messages: [...asked.messages] }),
    ).rejects.toMatchObject({ status: 400, code: 'content_policy_violation' })
  })

  it('lists the chains', async () => {
    const ids: string[] = []
    for await (const { id } of client.models.list()) ids.push(id)

    expect(ids).toEqual(['default'])
  })
})
