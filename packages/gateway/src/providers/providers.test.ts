import { fakeClock } from '@holdfast/policy/testing'
import type { Fact } from '@holdfast/transport'
import { describe, expect, it } from 'vitest'
import { upstream } from '../upstream.ts'
import { providerAt, providerFacts, providerNames } from './providers.ts'

const all = providerNames.map((name) => ({ name, ...providerFacts(name) }))

describe('providerFacts', () => {
  it.each(all)('names the source of each fact of $name', ({ name: _, title: __, ...facts }) => {
    for (const { source } of Object.values(facts) as Fact<unknown>[])
      expect(source).toMatch(/^https:\/\/\S+$/)
  })

  it.each([
    ['anthropic', '/v1/chat/completions', '/v1/messages'],
    ['deepseek', '/v1/chat/completions', '/anthropic/v1/messages'],
    ['openrouter', '/api/v1/chat/completions', '/api/v1/messages'],
    ['groq', '/openai/v1/chat/completions', '/openai/v1/messages'],
    ['gemini', '/v1beta/openai/chat/completions', '/v1beta/openai/v1/messages'],
    ['lmstudio', '/v1/chat/completions', '/v1/messages'],
  ] as const)('leads to where %s is', async (name, openai, anthropic) => {
    const { url, dialect, anthropicUrl } = providerFacts(name)
    const there = upstream(
      name,
      { url: url.value, dialect: dialect.value, anthropicUrl: anthropicUrl?.value },
      { clock: fakeClock(), random: () => 0.5, tell: () => {} },
    )

    expect(there.paths).toMatchObject({ openai, anthropic })
    await there.close()
  })

  it('leads to one server for both dialects', () => {
    for (const { url, anthropicUrl } of all)
      if (anthropicUrl) expect(new URL(anthropicUrl.value).origin).toBe(new URL(url.value).origin)
  })
})

describe('providerAt', () => {
  it('knows who is behind a host, and of one that is run by oneself nothing', () => {
    expect(providerAt('api.groq.com')?.title).toBe('Groq')
    expect(providerAt('localhost')).toBeUndefined()
  })
})
