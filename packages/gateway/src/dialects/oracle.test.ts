import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { seededRandom } from '@holdfast/policy/testing'
import { generateText, jsonSchema, type ModelMessage, Output, tool } from 'ai'
import { describe, expect, it } from 'vitest'
import { anthropicRequest } from './anthropic-request.ts'
import { dice } from './testing/random-conversation.ts'
import type { WireObject } from './wire-value.ts'

globalThis.AI_SDK_LOG_WARNINGS = false

const model = 'claude-sonnet-4-5'
/** As the AI SDK knows that model. */
const taste = { sampling: true, thinking: 'asked', forced: true, maxTokens: 64_000 } as const

/** A wire that keeps what is sent over it, and answers with what either provider understands. */
const wire = () => {
  const sent: WireObject[] = []
  const answer = {
    id: 'x',
    type: 'message',
    role: 'assistant',
    model,
    content: [{ type: 'text', text: '{}' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 1, output_tokens: 1 },
    choices: [{ index: 0, message: { role: 'assistant', content: '{}' }, finish_reason: 'stop' }],
  }
  return {
    sent,
    fetch: async (_: unknown, init?: RequestInit): Promise<Response> => {
      sent.push(JSON.parse(String(init?.body)) as WireObject)
      return Response.json(answer)
    },
  }
}

type Asked = Omit<Parameters<typeof generateText>[0], 'model'>

const sentFor = async (asked: Asked): Promise<{ anthropic: WireObject; openai: WireObject }> => {
  const { sent, fetch } = wire()
  const own = createAnthropic({ apiKey: 'k', baseURL: 'http://x.example/v1', fetch })
  const compatible = createOpenAICompatible({
    name: 'x',
    baseURL: 'http://x.example/v1',
    supportsStructuredOutputs: true,
    fetch,
  })
  // It complains of an answer that calls no tool where one was demanded; what was sent is all that matters here.
  for (const each of [own(model), compatible(model)])
    await generateText({ ...asked, model: each } as Parameters<typeof generateText>[0]).catch(() => undefined)
  return { anthropic: sent[0]!, openai: sent[1]! }
}

const parameters = jsonSchema({
  type: 'object' as const,
  properties: { city: { type: 'string' as const } },
  required: ['city'],
  additionalProperties: false,
})

/** A conversation as users of the AI SDK write it. */
const anyConversation = (seed: number): Asked => {
  const { upTo, one, maybe, many, words, chance } = dice(seededRandom(seed))
  const tools = maybe(() => ({ weather: tool({ description: words(), inputSchema: parameters }) }))
  const messages: ModelMessage[] = []
  for (let turn = 0, turns = upTo(3); turn <= turns; turn++) {
    messages.push(
      chance() < 0.5
        ? { role: 'user', content: words() }
        : {
            role: 'user',
            content: many(1, 3, () =>
              one([
                { type: 'text' as const, text: words() },
                { type: 'file' as const, mediaType: 'image/png', data: new URL('https://x.example/a.png') },
                { type: 'file' as const, mediaType: 'image/png', data: 'iVBORw0KGgo=' },
              ]),
            ),
          },
    )
    if (turn === turns && chance() < 0.8) break
    const calls = tools && turn < turns ? many(0, 2, (nth) => `t${turn}-${nth}`) : []
    messages.push({
      role: 'assistant',
      content: [
        ...(chance() < 0.3 ? [{ type: 'reasoning' as const, text: words() }] : []),
        { type: 'text' as const, text: words() },
        ...calls.map((toolCallId) => ({
          type: 'tool-call' as const,
          toolCallId,
          toolName: 'weather',
          input: { city: words() },
        })),
      ],
    })
    if (calls.length > 0)
      messages.push({
        role: 'tool',
        content: calls.map((toolCallId) => ({
          type: 'tool-result' as const,
          toolCallId,
          toolName: 'weather',
          output: one([
            { type: 'text' as const, value: words() },
            { type: 'json' as const, value: { degrees: upTo(30) } },
          ]),
        })),
      })
  }
  const system = maybe(words)
  return {
    messages,
    experimental_download: async (asked: readonly unknown[]) => asked.map(() => null), // addresses go on as they are
    ...(system && { system }),
    ...(tools && { tools }),
    ...(tools && maybe(() => ({ toolChoice: one(['auto', 'none', 'required'] as const) }))),
    ...(tools && maybe(() => ({ toolChoice: { type: 'tool' as const, toolName: 'weather' as const } }))),
    ...maybe(() => ({ maxOutputTokens: 1 + upTo(500) })),
    ...maybe(() => ({ temperature: one([0, 0.5, 1]) })),
    ...maybe(() => ({ topP: 0.9 })),
    ...maybe(() => ({ stopSequences: many(1, 2, words) })),
    ...maybe(() => ({ seed: 7 })),
    ...(!tools && maybe(() => ({ output: Output.object({ schema: parameters }) }))),
  } as unknown as Asked
}

describe('anthropicRequest', () => {
  it('makes of what the AI SDK sends to an OpenAI server what it sends to Anthropic itself', async () => {
    for (let seed = 0; seed < 200; seed++) {
      const { anthropic, openai } = await sentFor(anyConversation(seed))
      const translated = JSON.parse(JSON.stringify(anthropicRequest(openai, taste))) as WireObject

      expect(translated, `seed ${seed}`).toEqual(anthropic)
    }
  })
})
