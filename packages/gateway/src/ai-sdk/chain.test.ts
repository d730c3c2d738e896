import { APICallError, type LanguageModelV4 } from '@ai-sdk/provider'
import { describe, expect, it } from 'vitest'
import { answers, breaksOff, type FakeModel, fakeModel, type ModelTurn } from '../testing/fake-model.ts'
import { chain } from './chain.ts'
import type { Part } from './language-model.ts'
import { resilient } from './resilient.ts'
import type { ResilientOptions } from './resilient-options.ts'

let names = 0
const links = (
  options: Partial<Record<'one' | 'two', ResilientOptions>> = {},
): { one: FakeModel; two: FakeModel; model: LanguageModelV4 } => {
  const [one, two] = [fakeModel('one'), fakeModel('two')]
  const nth = ++names
  const link = (fake: FakeModel, more?: ResilientOptions): LanguageModelV4 =>
    resilient(fake, { name: `${fake.modelId}-${nth}`, retry: { attempts: 1 }, ...more })
  return { one, two, model: chain([link(one, options.one), link(two, options.two)]) }
}
const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }]
const text = async (model: LanguageModelV4): Promise<string> => {
  let all = ''
  for await (const part of (await model.doStream({ prompt })).stream)
    if (part.type === 'text-delta') all += part.delta
  return all
}
const refusing = (statusCode: number, message = 'no'): ModelTurn & { error: APICallError } => ({
  does: 'throw',
  error: new APICallError({
    message,
    url: 'x',
    requestBodyValues: {},
    statusCode,
    responseBody: JSON.stringify({ error: { message } }),
  }),
})
const lastMessage = ({ calls }: FakeModel): unknown => calls.at(-1)?.options.prompt.at(-1)

describe('chain', () => {
  it.each([503, 429, 401, 404])('lets the next model answer after a %i, and says so', async (status) => {
    const { one, two, model } = links()
    one.always(refusing(status))
    const { providerMetadata } = await model.doGenerate({ prompt })

    expect(await text(model)).toBe('One two three.')
    expect(two.calls).toHaveLength(2)
    expect(providerMetadata?.['holdfast']).toMatchObject({ attempts: 2 })
    expect(JSON.stringify(providerMetadata)).toMatch(/"link":"two-\d+".*"failed":\["one-\d+=/)
  })

  it('tells each model the how-manieth call it is, for a Holdfast that may be behind it', async () => {
    const { one, two, model } = links()
    one.always(refusing(503))
    await model.doGenerate({ prompt, headers: { mine: 'x' } })

    expect([one, two].map(({ calls }) => calls[0]?.options.headers)).toEqual([
      { mine: 'x', 'x-holdfast-attempt': '1' },
      { mine: 'x', 'x-holdfast-attempt': '2' },
    ])
  })

  it('goes on in the middle of a sentence with the next model, by its words or by a prefill', async () => {
    const spliced = links()
    spliced.one.always(breaksOff('One ', 'tw'))
    const prefilled = links({ two: { prefill: true } })
    prefilled.one.always(breaksOff('One two '))
    prefilled.two.always(answers('three.'))

    expect([await text(spliced.model), await text(prefilled.model)]).toEqual([
      'One two three.',
      'One two three.',
    ])
    expect(lastMessage(spliced.two)).toEqual(prompt[0])
    expect(lastMessage(prefilled.two)).toEqual({
      role: 'assistant',
      content: [{ type: 'text', text: 'One two' }],
    })
  })

  it('asks without the prefill that a model refuses', async () => {
    const { one, two, model } = links({ two: { prefill: true } })
    one.always(breaksOff('One '))
    two.next(refusing(400, 'prefill is not supported'))

    expect(await text(model)).toBe('One two three.')
    expect(lastMessage(two)).toEqual(prompt[0])
  })

  it('asks the links once more when a stream broke off and nobody could go on', async () => {
    const { one, two, model } = links()
    one.next(breaksOff('One '))
    two.always(refusing(503))

    expect(await text(model)).toBe('One two three.')
    expect([one.calls.length, two.calls.length]).toEqual([2, 1])
  })

  it('asks nobody to get round a refusal', async () => {
    const { one, two, model } = links()
    one.always(refusing(400, 'content_policy_violation'))
    await expect(model.doGenerate({ prompt })).rejects.toThrow('content_policy_violation')

    expect(two.calls).toHaveLength(0)
  })

  it('sends a prompt that is too long to models alone that may take more', async () => {
    const small = links({ one: { context: 8_000 }, two: { context: 4_000 } })
    const large = links({ one: { context: 8_000 }, two: { context: 16_000 } })
    for (const { one } of [small, large]) one.always(refusing(400, 'maximum context length'))
    await expect(small.model.doStream({ prompt })).rejects.toThrow('maximum context length')

    expect(await text(large.model)).toBe('One two three.')
    expect(small.two.calls).toHaveLength(0)
  })

  it('tells of every link when nobody could answer', async () => {
    const { one, two, model } = links()
    one.always(refusing(503, 'busy'))
    two.always(refusing(401, 'who are you?'))

    await expect(model.doStream({ prompt })).rejects.toMatchObject({
      code: 'CHAIN_EXHAUSTED',
      isRetryable: false,
      message: expect.stringMatching(/busy.*who are you/),
      links: [{ class: 'transient' }, { class: 'permanent', status: 401 }],
    })
  })

  it('takes up the links of a chain, and gives others the default policy', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => fakeModel(`flat-${name}`)) as [
      FakeModel,
      FakeModel,
      FakeModel,
    ]
    const model = chain([chain([a, b]), c], { name: 'all' })
    a.always(refusing(400, 'unknown model'))
    b.always(refusing(404))

    expect(await text(model)).toBe('One two three.')
    expect([a, b, c].map(({ calls }) => calls.length)).toEqual([1, 1, 1])
    expect([model.provider, model.modelId]).toEqual(['holdfast', 'all'])
  })

  it('reads the addresses that all its models read', async () => {
    const [a, b] = [fakeModel('url-a'), fakeModel('url-b')]
    const urls = { 'image/*': [/^https:/, /^ftp:/], 'audio/*': [/./] }
    const model = chain([
      { ...a, supportedUrls: urls },
      { ...b, supportedUrls: Promise.resolve({ 'image/*': [/^https:/] }) },
    ])

    expect(await model.supportedUrls).toEqual({ 'image/*': [/^https:/] })
  })

  it('refuses an empty list, and models of two specifications, and says what to do', () => {
    const old = { ...fakeModel('old'), specificationVersion: 'v3' } as unknown as LanguageModelV4

    expect(() => chain([])).toThrow(/a list of one model at least/)
    expect(() => chain([fakeModel('new'), old])).toThrow(/wrapLanguageModel.*specification v3/)
  })

  it('keeps what is said apart from what is thought', async () => {
    const { one, two, model } = links()
    const thoughts: Part[] = [
      { type: 'reasoning-start', id: 'r' },
      { type: 'reasoning-delta', id: 'r', delta: 'hm' },
    ]
    one.always({ does: 'say', parts: thoughts })
    two.always(answers('So.'))
    const types: string[] = []
    for await (const { type } of (await model.doStream({ prompt })).stream) types.push(type)

    expect(types).toEqual([
      'reasoning-start',
      'reasoning-delta',
      'reasoning-end',
      'text-start',
      'text-delta',
      'text-end',
      'finish',
    ])
  })
})
