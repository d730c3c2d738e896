import { describe, expect, it } from 'vitest'
import { type Capabilities, capabilities } from './capabilities.ts'
import { models } from './models.ts'

describe('models', () => {
  it('name the source of each fact', () => {
    for (const { tools, vision, context, prefill } of models)
      for (const fact of [tools, vision, context, prefill])
        if (fact) expect(fact.source).toMatch(/^https:\/\/\S+$/)
  })

  it('say whose limits they tell, and nothing that no fact follows from', () => {
    for (const row of models) {
      expect(row.context === undefined).toBe(row.host === undefined)
      expect(row.tools ?? row.vision ?? row.context ?? row.prefill).toBeDefined()
    }
  })
})

describe('capabilities', () => {
  it.each<[string, string, Capabilities]>([
    ['claude-sonnet-4-5', 'api.anthropic.com', { context: 200_000, prefill: 'plain', vision: true }],
    ['claude-sonnet-4-20250514', 'api.anthropic.com', { prefill: 'plain' }],
    ['claude-3-haiku-20240307', 'api.anthropic.com', { prefill: 'plain' }],
    ['claude-opus-4-1', 'api.anthropic.com', { prefill: 'plain', context: 200_000 }],
    ['claude-sonnet-4-6', 'api.anthropic.com', { context: 1_000_000, prefill: false }],
    ['claude-opus-4-8', 'api.anthropic.com', { context: 1_000_000, prefill: false }],
    ['claude-haiku-5-5', 'api.anthropic.com', { context: 1_000_000, prefill: false }],
    ['anthropic/claude-sonnet-4.6', 'openrouter.ai', { context: undefined, prefill: false }],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'bedrock.example', { prefill: 'plain' }],
    ['gpt-5', 'api.openai.com', { context: 400_000, vision: true, tools: true, prefill: undefined }],
    ['gpt-5.5', 'api.openai.com', { context: 1_050_000 }],
    ['gpt-5.4-mini', 'api.openai.com', { context: 400_000 }],
    ['gpt-4o-2024-08-06', 'api.openai.com', { context: 128_000 }],
    ['o3-mini', 'api.openai.com', { vision: false, tools: true }],
    ['gpt-oss:20b', 'localhost', { vision: false, context: undefined }],
    ['gemini-3.1-pro-preview', 'generativelanguage.googleapis.com', { context: 1_048_576, tools: true }],
    ['gemini-3.1-flash-image-preview', 'generativelanguage.googleapis.com', { tools: false }],
    ['Meta-Llama-3.1-8B-Instruct', 'localhost', { vision: false }],
    ['llama3.3:70b', 'localhost', { vision: false, context: undefined }],
    ['llama-3.3-70b-versatile', 'api.groq.com', { vision: false, context: 131_072 }],
    ['nvidia/Llama-3.1-Nemotron-Nano-VL-8B-V1', 'localhost', { vision: true }],
    ['qwen3:8b', 'localhost', { vision: false }],
    ['qwen3-vl:8b', 'localhost', { vision: true }],
    ['qwen3.5:9b', 'localhost', { vision: undefined }],
    ['deepseek-r1:14b', 'localhost', { vision: false }],
  ])('of %s at %s are known', (model, host, known) => {
    expect(capabilities(model, host)).toMatchObject(known)
  })

  it.each(['deepseek-v4-flash', 'deepseek-chat', 'mistral-large-latest', 'gpt-9', 'default', ''])(
    'of %j are not known, and so nothing is ruled out',
    (model) => {
      expect(
        Object.values(capabilities(model, 'api.deepseek.com')).filter((each) => each !== undefined),
      ).toEqual([])
    },
  )

  it('are what is said of them, whatever is known', () => {
    const said = { tools: false, vision: true, context: 4_096, prefill: 'vllm' } as const

    expect(capabilities('o3-mini', 'api.openai.com', said)).toEqual(said)
    expect(capabilities('claude-sonnet-4-5', 'api.anthropic.com', { prefill: false }).prefill).toBe(false)
  })
})
