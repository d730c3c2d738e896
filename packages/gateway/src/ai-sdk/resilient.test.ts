import { APICallError, type EmbeddingModelV4, type LanguageModelV4 } from '@ai-sdk/provider'
import { hedge, retry, timeout, wrap } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { answers, beginning, breaksOff, fakeModel, finish } from '../testing/fake-model.ts'
import { ExhaustedError } from './exhausted-error.ts'
import type { Part } from './language-model.ts'
import { resilient } from './resilient.ts'
import type { ResilientOptions } from './resilient-options.ts'

let names = 0
const quick = (more: ResilientOptions = {}): ResilientOptions => ({
  name: `resilient-${++names}`,
  retry: { attempts: 2, backoff: { initial: 1, max: 2 } },
  ...more,
})
const asked = { prompt: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }] }
const busy = new APICallError({ message: 'busy', url: 'x', requestBodyValues: {}, statusCode: 503 })
const wrong = new APICallError({
  message: 'no',
  url: 'x',
  requestBodyValues: {},
  statusCode: 400,
  responseBody: '{"error":{"message":"content_policy_violation"}}',
})

const read = async (stream: ReadableStream<Part>): Promise<Part[]> => {
  const parts: Part[] = []
  for await (const part of stream) parts.push(part)
  return parts
}
const said = (parts: readonly Part[]): string =>
  parts.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('')
const text = async (model: LanguageModelV4): Promise<string> =>
  said(await read((await model.doStream(asked)).stream))
const reason = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  )

describe('resilient', () => {
  it('answers as the model does, and says who answered', async () => {
    const model = resilient(fakeModel('m'), quick({ name: 'mine' }))
    const { stream, response } = await model.doStream(asked)
    const parts = await read(stream)

    expect([model.provider, model.modelId, response?.headers]).toEqual(['fake', 'm', { from: 'm' }])
    expect(said(parts)).toBe('One two three.')
    expect(parts.at(-1)).toMatchObject({
      providerMetadata: { holdfast: { link: 'mine', attempts: 1, failed: [] } },
    })
    expect(await model.doGenerate(asked)).toMatchObject({
      content: [{ type: 'text', text: 'One two three.' }],
      providerMetadata: { holdfast: { link: 'mine' } },
    })
  })

  it('asks again, whole and streamed', async () => {
    const fake = fakeModel('m')
    const model = resilient(fake, quick())
    fake.next({ does: 'throw', error: busy }, answers('ok'), { does: 'throw', error: busy })
    const { content, providerMetadata } = await model.doGenerate(asked)

    expect([content, providerMetadata?.['holdfast']?.['attempts']]).toEqual([
      [{ type: 'text', text: 'ok' }],
      2,
    ])
    expect(await text(model)).toBe('One two three.')
    expect(fake.calls).toHaveLength(4)
  })

  it('goes on with a sentence that broke off', async () => {
    const fake = fakeModel('m')
    fake.next(breaksOff('One ', 'tw'))

    expect(await text(resilient(fake, quick()))).toBe('One two three.')
  })

  it('goes on after an error in the middle, and after a connection that broke', async () => {
    const fake = fakeModel('m')
    fake.next(
      { does: 'say', parts: [...beginning('One '), { type: 'error', error: 'gone' }] },
      { does: 'say', parts: beginning('One two '), ending: new Error('reset') },
    )

    expect(
      await text(resilient(fake, quick({ retry: { attempts: 3, backoff: { initial: 1, max: 2 } } }))),
    ).toBe('One two three.')
  })

  it('ends a stream that nobody can go on with in an error part and a failure, after all that was said', async () => {
    const fake = fakeModel('m')
    fake.next(breaksOff('One ', 'tw'))
    fake.always(answers('Something else.'))
    const { stream } = await resilient(fake, quick()).doStream(asked)
    const parts: Part[] = []
    const failed = await reason(
      (async () => {
        for await (const part of stream) parts.push(part)
      })(),
    )

    expect(said(parts)).toBe('One tw')
    expect(parts.at(-1)).toEqual({ type: 'error', error: failed })
    expect(failed).toBeInstanceOf(ExhaustedError)
    expect(failed).toMatchObject({ brokeOff: true, code: 'CHAIN_EXHAUSTED' })
  })

  it('never gives half of a call of a tool', async () => {
    const fake = fakeModel('m')
    const half: Part[] = [
      ...beginning('Look: '),
      { type: 'tool-input-start', id: 'c', toolName: 'f' },
      { type: 'tool-input-delta', id: 'c', delta: '{"a":' },
    ]
    const call: Part = { type: 'tool-call', toolCallId: 'c', toolName: 'f', input: '{"a":1}' }
    fake.next({ does: 'say', parts: half })
    fake.always({ does: 'say', parts: [...half, call, finish('tool-calls')] })
    const parts = await read((await resilient(fake, quick()).doStream(asked)).stream)

    expect(parts.filter(({ type }) => type.startsWith('tool'))).toEqual([...half.slice(3), call])
    expect(said(parts)).toBe('Look: ')
  })

  it('hands over the error of the provider where the request is at fault, and asks nobody again', async () => {
    const fake = fakeModel('m')
    fake.always({ does: 'throw', error: wrong })
    const model = resilient(fake, quick())

    expect(await reason(model.doStream(asked))).toBe(wrong)
    expect(await reason(model.doGenerate(asked))).toBe(wrong)
    expect(fake.calls).toHaveLength(2)
  })

  it('fails with an error that the AI SDK knows for one that must not be tried again', async () => {
    const fake = fakeModel('m')
    fake.always({ does: 'throw', error: busy })
    const error = await reason(resilient(fake, quick()).doGenerate(asked))

    expect(APICallError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ isRetryable: false, statusCode: 503, brokeOff: false, cause: busy })
    expect((error as ExhaustedError).links).toMatchObject([{ class: 'transient', attempts: 2, status: 503 }])
    expect((error as Error).message).toMatch(/busy after 2 attempts.*Try again in 5 s/)
  })

  it.each([
    ['for an answer', 'headers', false],
    ['for the first token', 'firstToken', true],
  ])('waits no longer %s than it may, even for a model that heeds no signal', async (_, limit, streams) => {
    const clock = fakeClock()
    const fake = fakeModel('m')
    fake.always({ does: 'hang' })
    const model = resilient(fake, quick({ clock, timeout: { [limit]: 300 } }))
    const failed = reason(streams ? model.doStream(asked) : model.doGenerate(asked))
    await clock.advance(300)

    expect(String(await failed)).toContain('kept silent for 300 ms')
    expect(fake.calls[0]?.options.abortSignal?.aborted).toBe(true)
    expect([fake.calls.length, clock.pending]).toEqual([1, 0])
  })

  it('takes silence in the middle for a failure, and closes that stream', async () => {
    const clock = fakeClock()
    const fake = fakeModel('m')
    fake.next({ does: 'say', parts: beginning('One '), ending: 'hang' })
    const { stream } = await resilient(fake, quick({ clock, timeout: { idle: 500 } })).doStream(asked)
    const parts = read(stream)
    await clock.advance(10_000)

    expect(said(await parts)).toBe('One two three.')
    expect(fake.calls[0]?.cancelled).toBe(true)
  })

  it('ends with the reason of its caller, before and in the middle', async () => {
    const fake = fakeModel('m')
    fake.next({ does: 'hang' }, { does: 'say', parts: beginning('One '), ending: 'hang' })
    const model = resilient(fake, quick())
    for (const when of ['before', 'middle']) {
      const caller = new AbortController()
      const streamed = model.doStream({ ...asked, abortSignal: caller.signal })
      const reading = when === 'before' ? streamed : streamed.then(({ stream }) => read(stream))
      if (when === 'middle') await streamed
      caller.abort(`left ${when}`)
      expect(await reason(reading)).toBe(`left ${when}`)
    }

    expect(fake.calls.map(({ options }) => options.abortSignal?.aborted)).toEqual([true, true])
    expect(await reason(model.doGenerate({ ...asked, abortSignal: AbortSignal.abort('late') }))).toBe('late')
    expect(fake.calls).toHaveLength(2)
  })

  it('stops the model when nobody reads its stream any more', async () => {
    const fake = fakeModel('m')
    fake.next({ does: 'say', parts: beginning('One '), ending: 'hang' })
    const { stream } = await resilient(fake, quick()).doStream(asked)
    await stream.cancel('enough')

    expect(fake.calls[0]).toMatchObject({ cancelled: true, options: { abortSignal: { aborted: true } } })
    expect(fake.calls).toHaveLength(1)
  })

  it('reads no further ahead than its caller, whose slowness is not the silence of the model', async () => {
    const clock = fakeClock()
    const fake = fakeModel('m')
    const words = Array.from({ length: 1_000 }, (_, nth) => `${nth} `)
    fake.next(answers(...words))
    const { stream } = await resilient(fake, quick({ clock, timeout: { idle: 100 } })).doStream(asked)
    await clock.advance(5_000)

    expect(fake.calls[0]?.taken).toBeLessThan(30)
    expect(said(await read(stream))).toBe(words.join(''))
    expect(fake.calls).toHaveLength(1)
  })

  it('does not blame the model for a caller who does not read in time', async () => {
    const clock = fakeClock()
    const fake = fakeModel('m')
    fake.next(answers(...Array.from({ length: 1_000 }, () => 'word ')))
    const options = quick({ clock, timeout: { total: 1_000 }, breaker: { failures: 1 } })
    const model = resilient(fake, options)
    const { stream } = await model.doStream(asked)
    await clock.advance(1_000)

    expect(await reason(read(stream))).toMatchObject({ code: 'CALLER_TOO_SLOW' })
    expect(await text(model)).toBe('One two three.')
  })

  it('has one breaker by name, however often it is made', async () => {
    const fake = fakeModel('m')
    const options = quick({ retry: { attempts: 1 }, breaker: { failures: 2, openFor: 60_000 } })
    fake.always({ does: 'throw', error: busy })
    await reason(resilient(fake, options).doGenerate(asked))
    await reason(resilient(fake, options).doStream(asked))
    const refused = await reason(resilient(fake, { ...options }).doGenerate(asked))

    expect(fake.calls).toHaveLength(2)
    expect(refused).toMatchObject({ links: [{ class: 'open', attempts: 0 }] })
  })

  it('takes a pipeline in place of a policy', async () => {
    const fake = fakeModel('m')
    fake.next({ does: 'throw', error: busy }, breaksOff('One '))
    const pipeline = wrap(retry({ attempts: 3, backoff: { initial: 1, max: 2 } }), timeout(5_000))

    expect(await text(resilient(fake, pipeline))).toBe('One two three.')
    expect(fake.calls).toHaveLength(3)
  })

  it.each([
    ['whole', false],
    ['streamed', true],
  ])('may be hedged by a pipeline, %s', async (_, streams) => {
    const clock = fakeClock()
    const fake = fakeModel('m')
    fake.next({ does: 'hang' })
    const model = resilient(fake, { pipeline: wrap(hedge({ delay: 50, clock })), clock })
    const answer = streams ? text(model) : model.doGenerate(asked)
    await clock.advance(60)

    expect(JSON.stringify(await answer)).toContain('One two three.')
    expect(fake.calls).toHaveLength(2)
    expect(fake.calls[0]?.options.abortSignal?.aborted).toBe(true)
  })

  it('glues nothing to what nobody can go on with, however stubborn a pipeline is', async () => {
    const fake = fakeModel('m')
    const source: Part = { type: 'source', sourceType: 'url', id: 's', url: 'https://a.test' }
    fake.next({ does: 'say', parts: [...beginning('One '), source] })
    const stubborn = wrap(retry({ attempts: 5, backoff: { initial: 1, max: 1 }, when: () => true }))
    const { stream } = await resilient(fake, stubborn).doStream(asked)
    let all = ''
    const failed = await reason(
      (async () => {
        for await (const part of stream) all += said([part])
      })(),
    )

    expect([all, fake.calls.length]).toEqual(['One ', 1])
    expect(failed).toMatchObject({ code: 'CHAIN_EXHAUSTED', brokeOff: true })
  })

  it('keeps a thousand callers apart', async () => {
    const fake = fakeModel('m')
    const model = resilient(fake, quick({ retry: { attempts: 1 }, breaker: { failures: 10_000 } }))
    fake.next(...Array.from({ length: 500 }, () => breaksOff('One ', 'tw')))
    const all = await Promise.all(Array.from({ length: 1_000 }, () => text(model)))

    expect(all.every((one) => one === 'One two three.')).toBe(true)
  })

  it('takes models of older specifications as they are', async () => {
    const fake = fakeModel('m')
    const parts: Part[] = [
      ...beginning('Old.'),
      { ...finish('stop'), finishReason: 'stop' } as unknown as Part,
    ]
    fake.next({
      does: 'say',
      parts: [...beginning('O'), { ...finish('stop'), finishReason: 'unknown' } as never],
    })
    fake.always({ does: 'say', parts })
    const old = { ...fake, specificationVersion: 'v2' } as unknown as LanguageModelV4
    const model = resilient(old, quick())

    expect([model.specificationVersion, await text(model)]).toEqual(['v2', 'Old.'])
  })

  it('takes models of vectors', async () => {
    let calls = 0
    const model: EmbeddingModelV4 = {
      specificationVersion: 'v4',
      provider: 'fake',
      modelId: 'e',
      maxEmbeddingsPerCall: 9,
      supportsParallelCalls: true,
      async doEmbed() {
        if (++calls === 1) throw busy
        return { embeddings: [[1, 2]], warnings: [] }
      },
    }
    const embeddings = resilient(model, quick())

    expect(await embeddings.doEmbed({ values: ['x'] })).toMatchObject({ embeddings: [[1, 2]] })
    expect([calls, embeddings.maxEmbeddingsPerCall]).toEqual([2, 9])
  })

  it.each<[string, unknown, unknown, RegExp]>([
    ['a name', 'openai/gpt-5', {}, /a model of an AI SDK provider/],
    ['nothing', undefined, {}, /a model of an AI SDK provider/],
    ['a resilient model', resilient(fakeModel('r')), {}, /retries would multiply/],
    ['an unknown option', fakeModel('m'), { retries: 3 }, /retries.*one of retry/],
    ['an unknown limit', fakeModel('m'), { timeout: { first: 1 } }, /timeout\.first.*one of headers/],
    ['a limit that is none', fakeModel('m'), { timeout: { idle: '5s' } }, /timeout\.idle.*number of ms/],
    ['no object', fakeModel('m'), 5, /a pipeline, or an object/],
    ['two policies', fakeModel('m'), { pipeline: wrap(), retry: {} }, /retry.*absent/],
    ['two limits', fakeModel('m'), { pipeline: wrap(), timeout: { total: 1 } }, /timeout\.total.*absent/],
  ])('refuses %s and says what it takes', (_, model, policy, words) => {
    expect(() => resilient(model as LanguageModelV4, policy as ResilientOptions)).toThrow(words)
  })
})
