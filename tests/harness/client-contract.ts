import {
  type Behaviour,
  type FakeProvider,
  fakeAnswer,
  fakeProvider,
  type GatewayServer,
  gatewayServer,
  rawChunk,
} from '@holdfast/gateway/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

export interface ToolCall {
  readonly name: string
  readonly input: unknown
}

/** What a program gets of a client library, set up as its pages say and pointed at the gateway, without retries of its own. */
export interface Client {
  /** The text of an answer in one piece. */
  whole(model: string): Promise<string>
  /** The text of a stream; `heard` is told each piece as it comes. */
  streamed(model: string, heard?: (text: string) => void): Promise<string>
  /** The calls of tools in an answer to a question with `weather` among its tools. */
  calls(streams: boolean): Promise<readonly ToolCall[]>
  /** The answer after the result of such a call was sent back. */
  afterCall(): Promise<string>
  /** The HTTP status that an error of the library tells of. */
  statusOf(error: unknown): number | undefined
}

/** The tool that clients are given. */
export const weather = {
  name: 'weather',
  description: 'What the weather is like.',
  schema: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
  result: 'Rain, 8 degrees.',
} as const

export const question = 'What is the weather like in Vienna?'

const called = { name: 'weather', input: { city: 'Vienna' } }
const args = ['{"ci', 'ty":"Vi', 'enna"}'] as const
const piece = (nth: number, more: object = {}): string =>
  rawChunk({
    tool_calls: [
      { index: 0, ...more, function: { arguments: args[nth], ...(more as { function?: object }).function } },
    ],
  })
const begun = [
  rawChunk({ role: 'assistant', content: '' }),
  piece(0, { id: 'call_1', type: 'function', function: { name: 'weather' } }),
  piece(1),
]
const streamedCall: Behaviour = {
  does: 'say',
  bytes: [...begun, piece(2), rawChunk({}, 'tool_calls'), 'data: [DONE]\n\n'],
}
const halfACall: Behaviour = { does: 'say', bytes: begun }
const wholeCall: Behaviour = {
  does: 'say',
  headers: { 'content-type': 'application/json' },
  bytes: [
    JSON.stringify({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'raw',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: null,
            tool_calls: [
              { id: 'call_1', type: 'function', function: { name: 'weather', arguments: args.join('') } },
            ],
          },
          finish_reason: 'tool_calls',
        },
      ],
      usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
    }),
  ],
}

/** What the gateway owes every client library: streams, tools and errors that it takes for its own provider's, whatever the providers behind do. */
export function clientContract(name: string, connect: (url: string) => Client): void {
  // In one process, upstreams of the same name have one breaker.
  const [first, second] = ['one', 'two'].map((nth) => `${name} ${nth}`.replaceAll('/', ' ')) as [
    string,
    string,
  ]

  describe(name, () => {
    let one: FakeProvider
    let two: FakeProvider
    let door: GatewayServer
    let client: Client

    beforeAll(async () => {
      one = await fakeProvider('model-one')
      two = await fakeProvider('model-two')
      const policy = {
        retry: { attempts: 1 },
        breaker: { failures: 1_000 },
        timeout: { firstToken: 2_000, idle: 2_000 },
      }
      door = await gatewayServer({
        upstreams: {
          [first]: { dialect: 'openai', url: one.url, policy },
          [second]: { dialect: 'openai', url: two.url, policy },
        },
        chains: { default: [first, second] },
      })
      client = connect(door.url)
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

    /** What the client raises; fails where it ends well. */
    const raised = (work: Promise<unknown>): Promise<Error> =>
      work.then(
        (answer) => {
          throw new Error(`it ended well, with ${JSON.stringify(answer)}`)
        },
        (error: Error) => error,
      )

    it('gets an answer in one piece', async () => {
      expect(await client.whole('default')).toBe(fakeAnswer)
    })

    it('gets a stream, piece by piece', async () => {
      const pieces: string[] = []

      expect(await client.streamed('default', (text) => pieces.push(text))).toBe(fakeAnswer)
      expect(pieces.length).toBeGreaterThan(5)
      expect(pieces.join('')).toBe(fakeAnswer)
    })

    it.each<[string, Behaviour]>([
      ['dies before the first word', { does: 'reset' }],
      ['dies in the middle of the sentence', { does: 'cut', after: 5 }],
      ['tells of an error in the middle of it', { does: 'fail', after: 5, error: { message: 'overloaded' } }],
      ['sends what is no JSON', { does: 'garble', after: 5 }],
    ])('has the whole text when the primary %s', async (_, behaviour) => {
      one.always(behaviour)

      expect(await client.streamed('default')).toBe(fakeAnswer)
      expect(await client.whole('default')).toBe(fakeAnswer)
    })

    it.each([
      ['in one piece', false],
      ['streamed', true],
    ])('gets a call of a tool, %s', async (_, streams) => {
      one.always(streams ? streamedCall : wholeCall)

      expect(await client.calls(streams)).toEqual([called])
      expect(one.received.at(-1)?.body['tools']).toMatchObject([{ function: { name: 'weather' } }])
    })

    it('gets one whole call when the primary dies inside it', async () => {
      one.always(halfACall)
      two.always(streamedCall)

      expect(await client.calls(true)).toEqual([called])
    })

    it('gets an answer to what a tool has found', async () => {
      one.next(wholeCall)

      expect(await client.afterCall()).toBe(fakeAnswer)
      expect(one.received.at(-1)?.body['messages']).toContainEqual(
        expect.objectContaining({ role: 'tool', tool_call_id: 'call_1', content: weather.result }),
      )
    })

    it.each([
      ['in one piece', false],
      ['streamed', true],
    ])('raises the words of the provider where the request is at fault, %s', async (_, streams) => {
      const error = {
        message: 'Not with me.',
        code: 'content_policy_violation',
        type: 'invalid_request_error',
      }
      one.always({ does: 'refuse', status: 400, error: { error } })
      const asked = two.received.length
      const failed = await raised(streams ? client.streamed('default') : client.whole('default'))

      expect([client.statusOf(failed), failed.message]).toEqual([
        400,
        expect.stringContaining('Not with me.'),
      ])
      expect(two.received.length).toBe(asked)
    })

    it.each([
      ['in one piece', false],
      ['streamed', true],
    ])('raises that nobody could answer, %s', async (_, streams) => {
      one.always({ does: 'refuse', status: 503 })
      two.always({ does: 'reset' })
      const failed = await raised(streams ? client.streamed('default') : client.whole('default'))

      expect([client.statusOf(failed), failed.message]).toEqual([
        expect.toSatisfy((status: number) => status === 503 || status === 529),
        expect.stringContaining('No link of the chain'),
      ])
    })

    it('raises that there is no such chain', async () => {
      expect(client.statusOf(await raised(client.whole('nonsense')))).toBe(404)
    })

    it('raises an error, and does not end well, where nobody can go on', async () => {
      one.always({ does: 'cut', after: 5 })
      two.always({ does: 'answer', text: 'Quite another answer, which begins in other words.' })
      let heard = ''
      const failed = await raised(
        client.streamed('default', (text) => {
          heard += text
        }),
      )

      expect(failed.message).toContain('No link of the chain')
      expect([fakeAnswer.startsWith(heard), heard.length < fakeAnswer.length]).toEqual([true, true])
    })
  })
}
