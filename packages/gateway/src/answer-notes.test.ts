import { fakeClock } from '@holdfast/policy/testing'
import { activeSpan, traced } from '@holdfast/telemetry/traces'
import { tracing } from '@holdfast/telemetry/tracing'
import { describe, expect, it } from 'vitest'
import { AnswerNotes } from './answer-notes.ts'
import { Pulse } from './chains/pulse.ts'
import { providerOf } from './gen-ai.ts'
import { Tally, UpstreamTally } from './tally.ts'

/** What an attempt is counted in, half a second into its request. */
const counted = async () => {
  const clock = fakeClock()
  const began = clock.now()
  await clock.advance(500)
  const tally = new Tally()
  const upstream = { tally: new UpstreamTally() }
  const reply = { begun: false }
  const journey = { chain: 'c', began, attempts: 1, failures: [], cut: false }
  return {
    clock,
    tally,
    upstream,
    reply,
    journey,
    link: 'one',
    pulse: new Pulse(),
    request: { stream: true },
  }
}

/** What stands on the span after that. */
const noted = async (note: (notes: AnswerNotes) => unknown) => {
  await using running = tracing({ service: 's' })
  const of = await counted()
  await traced('x', async () => {
    const notes = new AnswerNotes(of, activeSpan())
    note(notes)
    notes.over('whole')
  })()
  return running.traces()[0]!.spans[0]!.attributes
}

describe('AnswerNotes', () => {
  it('knows what is under way at its model, and its pace, but for the counting of tokens', async () => {
    const of = await counted()
    const counting = { ...of, request: { stream: false, passage: 'count_tokens' } } as const
    const notes = [new AnswerNotes(of, undefined), new AnswerNotes(counting, undefined)] as const
    expect(of.pulse.inFlight).toBe(1)
    await of.clock.advance(250)
    notes[0].content({})
    for (const each of notes) each.over('whole')

    expect([of.pulse.inFlight, of.pulse.pace(true)?.mean, of.pulse.pace(false)]).toEqual([0, 250, undefined])
  })

  it('takes the time to the first content once, and the pace of the rest', async () => {
    const of = await counted()
    const notes = new AnswerNotes(of, undefined)
    await of.clock.advance(1_250)
    notes.content({})
    for (let more = 0; more < 4; more++) {
      await of.clock.advance(40)
      notes.content({})
    }
    await of.clock.advance(1_000)
    notes.over('whole')

    const { seconds, toFirstChunk, betweenChunks } = of.upstream.tally
    expect(toFirstChunk.distribution({})).toMatchObject({ sum: 1.25, count: 1 })
    expect(of.tally.toFirstChunk.distribution({})).toMatchObject({ sum: 1.75, count: 1 })
    expect(betweenChunks.distribution({}).sum).toBeCloseTo(0.04)
    expect(seconds.distribution({})).toMatchObject({ sum: 2.41, count: 1 })
  })

  it('tells no pace of a stream that broke off, and no first content where the client had some', async () => {
    const of = await counted()
    of.reply.begun = true
    const notes = new AnswerNotes(of, undefined)
    notes.content({})
    notes.content({})
    notes.over('transient')

    expect(of.upstream.tally.toFirstChunk.count).toBe(1)
    expect(of.tally.toFirstChunk.count).toBe(0)
    expect(of.upstream.tally.betweenChunks.count).toBe(0)
  })

  it('counts tokens without a span, the last that were told, even of an answer that broke off', async () => {
    const of = await counted()
    const notes = new AnswerNotes(of, undefined)
    notes.read({ usage: { prompt_tokens: 1, completion_tokens: 2 } })
    notes.read({ usage: { prompt_tokens: 3, completion_tokens: 4 } })
    notes.read({ usage: null })
    expect(of.tally.tokens.size).toBe(0)
    notes.over('transient')

    expect([...of.tally.tokens]).toEqual([['one', { input: 3, output: 4 }]])
  })

  it.each([-1, 0.5, '7', NaN, Infinity, 1e15, null, {}])('does not take %j for tokens', async (tokens) => {
    const of = await counted()
    const notes = new AnswerNotes(of, undefined)
    notes.read({ usage: { prompt_tokens: tokens, completion_tokens: tokens } })
    notes.over('whole')

    expect(of.tally.tokens.size).toBe(0)
  })

  it('writes the first model, the last tokens, and the reason of every choice onto the span', async () => {
    const attributes = await noted((notes) => {
      notes.read({ model: 'm', choices: [{ finish_reason: 'stop' }, { finish_reason: 'length' }] })
      notes.read({ model: 'other', choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } })
      notes.read({ usage: { prompt_tokens: 3, completion_tokens: 4 } })
    })

    expect(attributes).toEqual({
      'gen_ai.response.model': 'm',
      'gen_ai.response.finish_reasons': ['stop', 'length'],
      'gen_ai.usage.input_tokens': 3,
      'gen_ai.usage.output_tokens': 4,
    })
  })

  it('writes nothing that is not what it should be, and not without end', async () => {
    const sentence = 'The quick brown fox'
    const attributes = await noted((notes) => {
      notes.read({ model: 7, choices: 'none', usage: { prompt_tokens: sentence, completion_tokens: 0.5 } })
      notes.read({ model: '', choices: [null, 1, {}, { finish_reason: sentence }], usage: sentence })
      notes.read({ model: sentence })
      notes.read({ choices: Array.from({ length: 50 }, () => ({ finish_reason: 'stop' })) })
    })

    expect(attributes).toEqual({ 'gen_ai.response.finish_reasons': Array(16).fill('stop') })
  })

  it.each([
    { sample: 1, traces: 1 },
    { sample: 0, traces: 0 },
  ])('gives $traces traces as an example where $sample of them are sampled', async ({ sample, traces }) => {
    await using running = tracing({ service: 's', sample, keep: { failed: true } })
    const of = await counted()
    await traced('x', async () => new AnswerNotes(of, activeSpan()).content({}))()

    const { exemplars = [] } = of.upstream.tally.toFirstChunk.distribution({})
    expect(exemplars.flatMap((each) => each?.traceId ?? [])).toEqual([...running.kept()])
    expect(running.kept().size).toBe(traces)
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
