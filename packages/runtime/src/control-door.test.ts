import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { controlDoor } from './control-door.ts'

const served = async (listener: RequestListener) => {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    ask: () => fetch(`http://127.0.0.1:${port}/metrics`),
    [Symbol.dispose]: () => void server.close().closeAllConnections(),
  }
}

describe('controlDoor', () => {
  it('lets who comes early wait for the control API', async () => {
    const loading = Promise.withResolvers<{ routing: RequestListener }>()
    const door = controlDoor(loading.promise, () => {})
    using server = await served((request, response) => {
      door(request, response)
      loading.resolve({ routing: (_, late) => late.end('told') })
    })

    expect(await (await server.ask()).text()).toBe('told')
  })

  it('answers 503 where it cannot be had, and leaves no rejection that would end the process', async () => {
    const unheard: unknown[] = []
    const complaints: unknown[] = []
    const hear = (error: unknown): void => void unheard.push(error)
    process.on('unhandledRejection', hear)
    const broken = new Error("Cannot find module 'fastify'")
    using server = await served(controlDoor(Promise.reject(broken), (error) => complaints.push(error)))

    const answers = [await server.ask(), await server.ask()]
    process.off('unhandledRejection', hear)

    expect(answers.map(({ status }) => status)).toEqual([503, 503])
    expect(await answers[0]!.json()).toMatchObject({ error: { code: 'unavailable' } })
    expect(complaints).toEqual([broken])
    expect(unheard).toEqual([])
  })
})
