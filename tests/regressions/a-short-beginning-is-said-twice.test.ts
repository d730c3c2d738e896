import { askStream, fakeAnswer, fakeProvider, gatewayServer, quickPolicy } from '@holdfast/gateway/testing'
import { expect, it } from 'vitest'

it('a provider that takes a short prefill for a turn of the conversation does not begin the answer twice', async () => {
  await using first = await fakeProvider('first')
  await using second = await fakeProvider('second')
  first.next({ does: 'cut', after: 2 })
  const policy = { ...quickPolicy, retry: { attempts: 1 } }
  await using door = await gatewayServer({
    upstreams: {
      first: { dialect: 'openai', url: first.url, policy },
      second: { dialect: 'openai', url: second.url, prefill: true, policy },
    },
    chains: { default: ['first', 'second'] },
  })
  const { text, done } = await askStream(door.url)

  expect(second.received[0]!.raw).toContain('{"role":"assistant","content":"The quick"}')
  expect([text, done]).toEqual([fakeAnswer, true])
})
