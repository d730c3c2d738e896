import { fakeClock } from '@holdfast/policy/testing'
import { activeSpan, traced } from '@holdfast/telemetry/traces'
import { tracing } from '@holdfast/telemetry/tracing'
import { describe, expect, it } from 'vitest'
import { AnswerNotes } from './answer-notes.ts'
import { providerOf } from './gen-ai.ts'

/** What stands on the span after that. */
const noted = async (note: (notes: AnswerNotes) => unknown, clock = fakeClock()) => {
  await using running = tracing({ service: 's' })
  await traced('x', async () => note(new AnswerNotes(activeSpan()!, clock)))()
  return running.traces()[0]!.spans[0]!.attributes
}

describe('AnswerNotes', () => {
  it('takes the time to the first content, once', async () => {
    const clock = fakeClock()
    const attributes = await noted(async (notes) => {
      await clock.advance(1_250)
      notes.content()
      await clock.advance(1_000)
      notes.content()
    }, clock)

    expect(attributes).toEqual({ 'gen_ai.response.time_to_first_chunk': 1.25 })
  })

  it('keeps the first model, the last tokens, and the reason of every choice', async () => {
    const attributes = await noted((notes) => {
      notes.read({ model: 'm', choices: [{ finish_reason: 'stop' }, { finish_reason: 'length' }] })
      notes.read({ model: 'other', choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } })
      notes.event('{"usage":{"prompt_tokens":3,"completion_tokens":4}}')
      notes.event('{"usage": and no JSON')
    })

    expect(attributes).toEqual({
      'gen_ai.response.model': 'm',
      'gen_ai.response.finish_reasons': ['stop', 'length'],
      'gen_ai.usage.input_tokens': 3,
      'gen_ai.usage.output_tokens': 4,
    })
  })

  it('notes nothing that is not what it should be, and not without end', async () => {
    const sentence = 'The quick brown fox'
    const attributes = await noted((notes) => {
      notes.read({ model: 7, choices: 'none', usage: { prompt_tokens: sentence, completion_tokens: 0.5 } })
      notes.read({ model: '', choices: [null, 1, {}, { finish_reason: sentence }], usage: sentence })
      notes.read({ choices: Array.from({ length: 50 }, () => ({ finish_reason: 'stop' })) })
    })

    expect(attributes).toEqual({ 'gen_ai.response.finish_reasons': Array(16).fill('stop') })
  })
})

describe('providerOf', () => {
  it.each([
    ['api.anthropic.com', 'anthropic'],
    ['api.openai.com', 'openai'],
    ['127.0.0.1', 'mine'],
    ['constructor', 'mine'],
  ])('calls %s %s', (host, provider) => {
    expect(providerOf(host, 'mine')).toBe(provider)
  })
})
