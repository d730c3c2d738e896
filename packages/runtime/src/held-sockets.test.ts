import { addressFree, holdListener } from '@holdfast/governor'
import { describe, expect, it } from 'vitest'
import { readConfig } from './config/read.ts'
import { heldSockets } from './held-sockets.ts'

const freePort = async () => {
  const held = await holdListener({ host: '127.0.0.1', port: 0 })
  held.close()
  return held.port
}
const servicesOf = (text: string) =>
  readConfig({ file: 'x', text: `services:\n${text}`, environment: {} }).services

describe('heldSockets', () => {
  it('holds the address of a service that is several processes or says so, and keeps the socket while it is named', async () => {
    const [web, one, own, moved] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
    const services = servicesOf(`
  web: { command: web, listen: "127.0.0.1:${web}", replicas: 2 }
  one: { command: one, listen: "127.0.0.1:${one}", hold: true }
  own: { command: own, listen: "127.0.0.1:${own}" }
`)
    using sockets = heldSockets()
    await sockets.take(services)
    const [held] = sockets.of(services['web']!)

    expect(held).toMatchObject({ port: web })
    expect(sockets.of(services['one']!)).toHaveLength(1)
    expect(sockets.of(services['own']!)).toEqual([])

    const next = servicesOf(`
  web: { command: other, listen: "127.0.0.1:${web}", spare: 1 }
  one: { command: one, listen: "127.0.0.1:${moved}", hold: true }
`)
    await sockets.take(next)
    expect(sockets.of(next['web']!)).toEqual([held])
    sockets.release(Object.values(next).flatMap(sockets.of))
    expect(await addressFree({ host: '127.0.0.1', port: one })).toBe(true)
  })

  it('holds what it held before when an address is not to be had', async () => {
    const taken = await holdListener({ host: '127.0.0.1', port: 0 })
    const { createServer } = await import('node:net')
    const server = createServer().listen({ fd: taken.fd })
    const free = await freePort()
    using sockets = heldSockets()

    const services = servicesOf(`
  a: { command: a, listen: "127.0.0.1:${free}", hold: true }
  b: { command: b, listen: "127.0.0.1:${taken.port}", hold: true }
`)
    await expect(sockets.take(services)).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
    expect(sockets.of(services['a']!)).toEqual([])
    server.close()
  })
})
