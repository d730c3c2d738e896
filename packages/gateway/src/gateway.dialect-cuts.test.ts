import { seededRandom } from '@holdfast/policy/testing'
import { expect, it } from 'vitest'
import { gatheredEvents } from './dialects/testing/gathered.ts'
import type { WireObject } from './dialects/wire-value.ts'
import { gatewayServer, quickPolicy, rawAnswer, rawChunk, rawProvider } from './testing/index.ts'
import { messageEvents } from './testing/message-events.ts'

const text = 'Grüße an den Fuchs 🦊, der über 3 Hunde 🐕 sprang — “immer wieder”.'
const words = text.split(/(?<= )/)
const policy = { ...quickPolicy, breaker: { failures: 1_000_000 }, timeout: { total: 60_000 } }

const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 2 },
}
const told = messageEvents(message, () => words).map(
  (event: WireObject) => `event: ${event['type']}\ndata: ${JSON.stringify(event)}\n\n`,
)
const chunks = [...words.map((word) => rawChunk({ content: word })), rawChunk({}, 'stop'), 'data: [DONE]\n\n']
const head = ['content-type: text/event-stream', 'connection: close']
const wires = {
  anthropic: rawAnswer(head, told.join('')),
  openai: rawAnswer(head, chunks.join('')),
  dead: Buffer.alloc(0),
}

/** What a client makes of it: whole, broken off with a reason, refused, or something that must not be. */
const verdict = async (response: Response): Promise<string> => {
  if (response.status === 503) return 'refused'
  let raw = ''
  try {
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) raw += part
  } catch {}
  const events = [...raw.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!) as WireObject)
  const types = events.map(({ type }) => type)
  if (types.at(-1) === 'error') return types.includes('message_stop') ? raw : 'broke off'
  const { content, stop_reason } = gatheredEvents(events)
  const whole = JSON.stringify(content) === JSON.stringify([{ type: 'text', text }])
  const starts = types.filter(
    (type) => type === 'content_block_start' || type === 'content_block_stop',
  ).length
  return whole && stop_reason === 'end_turn' && types.at(-1) === 'message_stop' && starts === 2
    ? 'whole'
    : raw
}

it.each([
  ['anthropic', 'openai'],
  ['openai', 'anthropic'],
  ['anthropic', 'anthropic'],
  ['anthropic', 'dead'],
] as const)(
  'a stream of %s cut at any byte, and taken up by %s, is whole or says why not',
  async (one, two) => {
    const random = seededRandom(3)
    const first = await rawProvider((socket) => {
      const bytes = wires[one].subarray(0, Math.floor(random() * wires[one].length))
      if (random() < 0.5) socket.end(bytes)
      else socket.write(bytes, () => socket.resetAndDestroy())
    })
    const second = await rawProvider((socket) => void socket.end(wires[two]))
    const door = await gatewayServer({
      upstreams: {
        first: { dialect: one, url: first.url, policy: { ...policy, retry: { attempts: 1 } } },
        second: { dialect: two === 'dead' ? 'openai' : two, url: second.url, policy },
      },
      chains: { default: ['first', 'second'] },
    })
    const body = JSON.stringify({
      model: 'default',
      max_tokens: 9,
      stream: true,
      messages: [{ role: 'user', content: 'hi' }],
    })
    const verdicts = await Promise.all(
      Array.from({ length: 30 }, async () =>
        verdict(await fetch(`${door.url}/v1/messages`, { method: 'POST', body })),
      ),
    )
    await door[Symbol.asyncDispose]()
    await Promise.all([first.close(), second.close()])

    const allowed = two === 'dead' ? ['whole', 'broke off', 'refused'] : ['whole']
    expect(verdicts.filter((each) => !allowed.includes(each))).toEqual([])
  },
)
