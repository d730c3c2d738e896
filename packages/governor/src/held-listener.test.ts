import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { addressFree, holdListener } from './held-listener.ts'

const host = '127.0.0.1'
const busy = async () => {
  const server = createServer((_, response) => response.end('hello')).listen(0, host)
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

describe('holdListener', () => {
  it('tells the real port, and holds it without listening', async () => {
    const held = await holdListener({ host, port: 0 })

    expect(held.port).toBeGreaterThan(0)
    expect(held.fd).toBeGreaterThan(2)
    await expect(fetch(`http://${host}:${held.port}`)).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    })
    held.close()
  })

  it('is a socket on which a server can listen', async () => {
    const held = await holdListener({ host, port: 0 })
    const server = createServer((_, response) => response.end('hello')).listen({ fd: held.fd })
    await once(server, 'listening')

    expect(await (await fetch(`http://${host}:${held.port}`)).text()).toBe('hello')
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })

  it('says plainly that an address is taken', async () => {
    const { server, port } = await busy()

    await expect(holdListener({ host, port })).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
      message: `${host}:${port} is already in use by another program; stop it or choose another port`,
    })
    server.close()
  })

  it('says plainly that an address is not ours', async () => {
    await expect(holdListener({ host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
      code: 'ADDRESS_UNUSABLE',
    })
  })
})

describe('addressFree', () => {
  it('knows a taken address from a free one', async () => {
    const { server, port } = await busy()

    expect(await addressFree({ host: 'localhost', port: 0 })).toBe(true)
    expect(await addressFree({ host, port })).toBe(false)
    server.close()
    await once(server, 'close')
    expect(await addressFree({ host, port })).toBe(true)
  })
})
