import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { BodyRoom } from './body-room.ts'
import { bodyText } from './body-text.ts'

it('bodyText holds no more of all requests that wait than there is room, and has room again when one is over', async () => {
  const room = new BodyRoom(2_500)
  const answers: (() => void)[] = []
  await using server = createServer(async (request, response) => {
    const place = room.place('alice')
    response.once('close', () => place.free())
    await bodyText(request, place).then(
      () => answers.push(() => response.end('read')),
      (error) => response.writeHead(error.status).end(error.code),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = () => fetch(url, { method: 'POST', body: 'x'.repeat(1_000) })
  const waiting = [ask(), ask()]
  await expect.poll(() => answers.length).toBe(2)

  const third = await ask()
  expect([third.status, await third.text()]).toEqual([503, 'overloaded'])
  for (const answer of answers.splice(0)) answer()
  expect(await Promise.all(waiting.map(async (each) => (await each).text()))).toEqual(['read', 'read'])
  const last = ask()
  await expect.poll(() => answers.length).toBe(1)
  answers[0]!()
  expect((await last).status).toBe(200)
})
