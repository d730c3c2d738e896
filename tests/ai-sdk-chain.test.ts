import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { chain, ExhaustedError, type LanguageModel, resilient } from '@holdfast/gateway/ai-sdk'
import { type FakeProvider, fakeProvider, gatewayServer, rawChunk } from '@holdfast/gateway/testing'
import { APICallError, generateText, isStepCount, jsonSchema, streamText, tool } from 'ai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

let one: FakeProvider
let two: FakeProvider
let model: LanguageModel
const prompt = 'What is the weather like?'

const link = (url: string, name: string): LanguageModel =>
  resilient(createOpenAICompatible({ name, baseURL: url })('default'), {
    retry: { attempts: 2, backoff: { initial: 1, max: 2 } },
    breaker: { failures: 1_000 },
  })

beforeAll(async () => {
  one = await fakeProvider('one')
  two = await fakeProvider('two')
  model = chain([link(one.url, 'sdk-one'), link(two.url, 'sdk-two')])
})
afterAll(async () => {
  await one.close()
  await two.close()
})
beforeEach(() => {
  one.always({ does: 'answer' })
  two.always({ does: 'answer' })
})

const calls = async (work: () => PromiseLike<unknown>): Promise<number> => {
  const before = one.received.length + two.received.length
  await work()
  return one.received.length + two.received.length - before
}

describe('a chain in the AI SDK', () => {
  it('is asked once by it, whatever `maxRetries` it has by default', async () => {
    one.always({ does: 'refuse', status: 503 })
    two.always({ does: 'refuse', status: 429 })
    const made = await calls(async () => {
      const failed = await generateText({ model, prompt }).then(undefined, (error: unknown) => error)
      expect(failed).toBeInstanceOf(ExhaustedError)
      expect(APICallError.isInstance(failed)).toBe(true)
    })

    expect(made).toBe(4)
  })

  it('does not multiply the attempts of a gateway behind it', async () => {
    two.always({ does: 'refuse', status: 503 })
    const policy = { retry: { attempts: 3, backoff: { initial: 1, max: 2 } } }
    await using door = await gatewayServer({
      upstreams: { behind: { dialect: 'openai', url: two.url, policy } },
      chains: { default: ['behind'] },
    })
    const layered = link(`${door.url}/v1`, 'sdk-layers')

    expect(await calls(() => generateText({ model: layered, prompt }).then(undefined, () => {}))).toBe(2)
  })

  it('never lets half a text pass for a whole one', async () => {
    one.always({ does: 'cut', after: 5 })
    two.always({ does: 'answer', text: 'Something else altogether.' })
    const told: unknown[] = []
    const answer = streamText({ model, prompt, onError: ({ error }) => void told.push(error) })
    const reading = (async () => {
      for await (const _ of answer.textStream);
    })()

    await expect(reading).rejects.toThrow('The answer broke off')
    await expect(answer.text).rejects.toThrow('The answer broke off')
    expect(told[0]).toMatchObject({ code: 'CHAIN_EXHAUSTED', brokeOff: true })
  })

  it('runs a tool once whose call broke off, and answers with what it found', async () => {
    const half = [
      rawChunk({ role: 'assistant', content: '' }),
      rawChunk({
        tool_calls: [
          { index: 0, id: 'c', type: 'function', function: { name: 'weather', arguments: '{"ci' } },
        ],
      }),
    ]
    const rest = [
      rawChunk({ tool_calls: [{ index: 0, function: { arguments: 'ty":"Vienna"}' } }] }),
      rawChunk({}, 'tool_calls'),
    ]
    one.next({ does: 'say', bytes: half }, { does: 'say', bytes: [...half, ...rest] })
    const asked: unknown[] = []
    const weather = tool({
      description: 'What the weather is like.',
      inputSchema: jsonSchema({ type: 'object', properties: { city: { type: 'string' } } }),
      execute: async (input) => {
        asked.push(input)
        return 'Rain.'
      },
    })
    const { text } = streamText({ model, prompt, tools: { weather }, stopWhen: isStepCount(2) })

    expect(await text).toMatch(/^The quick brown fox/)
    expect(asked).toEqual([{ city: 'Vienna' }])
    expect(one.received.at(-1)?.body['messages']).toContainEqual(
      expect.objectContaining({ role: 'tool', content: 'Rain.' }),
    )
  })
})
