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
})
