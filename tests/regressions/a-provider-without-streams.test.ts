import {
  ask,
  askStream,
  fakeAnswer,
  fakeProvider,
  gatewayServer,
  quickPolicy,
} from '@holdfast/gateway/testing'
import { expect, it } from 'vitest'

it('a provider that has no streams is passed over for one, and still asked for what it has', async () => {
  await using pieces = await fakeProvider('pieces')
  await using streams = await fakeProvider('streams')
  const choices = [{ index: 0, message: { role: 'assistant', content: 'one piece' }, finish_reason: 'stop' }]
  const headers = { 'content-type': 'application/json' }
  pieces.always({ does: 'say', headers, bytes: [JSON.stringify({ choices })] })
  const policy = { ...quickPolicy, breaker: { failures: 1, openFor: 60_000 } }
  await using door = await gatewayServer({
    upstreams: {
      pieces: { dialect: 'openai', url: pieces.url, policy },
      streams: { dialect: 'openai', url: streams.url, policy },
    },
    chains: { default: ['pieces', 'streams'] },
  })
  const { text, response } = await askStream(door.url)

  expect([text, response.headers.get('x-holdfast-failed')]).toEqual([fakeAnswer, 'pieces=permanent'])
  expect((await ask(door.url)).headers.get('x-holdfast-link')).toBe('pieces')
})
