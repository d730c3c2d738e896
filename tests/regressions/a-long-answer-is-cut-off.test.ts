import type { Socket } from 'node:net'
import { ask, gatewayServer, rawAnswer, rawChunk, rawProvider } from '@holdfast/gateway/testing'
import { fakeClock } from '@holdfast/policy/testing'
import { expect, it } from 'vitest'

it('a model that writes for five minutes, and never falls silent, is heard to the end', async () => {
  const clock = fakeClock()
  const asked = Promise.withResolvers<Socket>()
  await using provider = await rawProvider((socket) => asked.resolve(socket))
  await using door = await gatewayServer({
    upstreams: { writer: { dialect: 'openai', url: provider.url } },
    chains: { default: ['writer'] },
    clock,
  })
  const answered = ask(door.url, { stream: true })
  const socket = await asked.promise
  socket.write(
    rawAnswer(['content-type: text/event-stream', 'connection: close'], rawChunk({ content: '0' })),
  )
  const reader = (await answered).body!.pipeThrough(new TextDecoderStream()).getReader()
  let heard = ''
  const until = async (word: string): Promise<void> => {
    while (!heard.includes(word)) heard += (await reader.read()).value ?? ` broke off: ${word}`
  }
  await until('"0"')
  for (let word = 1; word <= 30; word++) {
    await clock.advance(10_000)
    socket.write(rawChunk({ content: `${word}` }))
    await until(`"${word}"`)
  }
  socket.end(rawChunk({}, 'stop'))
  await until('[DONE]')

  expect(heard).not.toContain('broke off')
})
