import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { systemClock } from '@holdfast/policy'
import { describe, expect, it } from 'vitest'
import { postgresServer } from '../testing/index.ts'
import { Connection, Unsent } from './connection.ts'

describe('Connection', () => {
  it('sends nothing once it is gone, and says that it did not', async () => {
    await using server = await postgresServer()
    await server.start()
    const address = { host: '127.0.0.1', port: server.port, path: undefined }
    const client = { user: 'postgres', database: 'postgres' }
    const connection = new Connection({ address, client, connectTimeout: 5_000, clock: systemClock })
    await connection.open()
    connection.destroy()

    await expect(connection.ask({ text: 'SELECT 1', within: 1_000 })).rejects.toBeInstanceOf(Unsent)
    expect(connection.is).toBe('gone')
  })

  it('is gone when what its server says cannot be read, and ends no process', async () => {
    const unknownLogin = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 99])
    const server = createServer((socket) => {
      socket.on('error', () => undefined).once('data', () => socket.write(unknownLogin))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const address = { host: '127.0.0.1', port, path: undefined }
    const client = { user: 'u', database: 'd' }
    const connection = new Connection({ address, client, connectTimeout: 5_000, clock: systemClock })

    await expect(connection.open()).rejects.toThrow('Unknown authenticationOk message type 99')
    expect(connection.is).toBe('gone')
    server.close()
  })
})
