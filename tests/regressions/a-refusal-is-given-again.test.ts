import { ask, askStream, fakeProvider, gatewayServer, quickPolicy } from '@holdfast/gateway/testing'
import { expect, it } from 'vitest'

const said = (choice: object) => JSON.stringify({ choices: [{ index: 0, ...choice }] })
const stopped = { finish_reason: 'stop' }

it.each([
  ['a refusal in words', { message: { content: null, refusal: 'I cannot.' }, ...stopped }, null],
  [
    'an answer that its provider broke off',
    { message: { content: 'I' }, finish_reason: 'insufficient_system_resource' },
    null,
  ],
  [
    'a call of a tool named for it',
    { message: { content: '"refusal": "no"', refusal: null }, ...stopped },
    'hit',
  ],
])('%s is kept only if it is an answer', async (_, choice, again) => {
  await using provider = await fakeProvider()
  await using door = await gatewayServer({
    upstreams: { local: { dialect: 'openai', url: provider.url, policy: quickPolicy } },
    chains: { default: { links: ['local'], cache: { for: 60_000 } } },
  })
  provider.next({ does: 'say', headers: { 'content-type': 'application/json' }, bytes: [said(choice)] })
  const [first, second] = [await ask(door.url), await ask(door.url)]

  expect([first.status, first.headers.get('x-holdfast-cache')]).toEqual([200, null])
  expect(second.headers.get('x-holdfast-cache')).toBe(again)
})

it('a stream that refuses in words is not kept', async () => {
  await using provider = await fakeProvider()
  await using door = await gatewayServer({
    upstreams: { local: { dialect: 'openai', url: provider.url, policy: quickPolicy } },
    chains: { default: { links: ['local'], cache: { for: 60_000 } } },
  })
  const chunks = [
    said({ delta: { refusal: 'I cannot.' }, finish_reason: null }),
    said({ delta: {}, ...stopped }),
    '[DONE]',
  ]
  provider.next({
    does: 'say',
    headers: { 'content-type': 'text/event-stream' },
    bytes: chunks.map((each) => `data: ${each}\n\n`),
  })
  const answers = [await askStream(door.url), await askStream(door.url)]

  expect(answers.map(({ done }) => done)).toEqual([true, true])
  expect(answers[1]!.response.headers.get('x-holdfast-cache')).toBeNull()
})
