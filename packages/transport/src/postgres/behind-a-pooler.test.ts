import { createServer } from 'node:net'
import { retry, wrap } from '@holdfast/policy'
import { describe, expect, it } from 'vitest'
import { postgres } from './postgres.ts'

/** What a server says: a letter, the length, and what it is about. */
function message(type: string, body: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const fatal = (text: string) => message('E', Buffer.from(`SFATAL\0C08P01\0M${text}\0\0`))
const welcome = Buffer.concat([message('R', Buffer.alloc(4)), message('Z', Buffer.from('I'))])

/** Speaks as PgBouncer does: `atLogin` is its answer to whoever connects; its server goes whenever a statement comes. */
async function pooler(atLogin: Buffer) {
  let statements = 0
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', () => {
        socket.write(atLogin)
        if (atLogin !== welcome) socket.end()
        socket.on('data', (said) => {
          if (String.fromCharCode(said[0]!) !== 'Q') return
          statements++
          socket.end(fatal('server conn crashed?'))
        })
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { readonly port: number }
  return {
    url: `postgres://u@127.0.0.1:${port}/d`,
    statements: () => statements,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const pipeline = wrap(retry({ attempts: 3, backoff: { initial: 1, max: 1 } }))

describe('postgres behind a pooler', () => {
  it('takes the going of its server for a connection that broke', async () => {
    await using crashing = await pooler(welcome)
    await using db = postgres({ url: crashing.url, pipeline })
    const once = await db.query('INSERT').catch((error) => error)
    const after = crashing.statements()
    const often = await db.query('SELECT 1', undefined, { readOnly: true }).catch((error) => error)

    expect([once, after]).toMatchObject([{ class: 'broken', retryable: false }, 1])
    expect([often, crashing.statements()]).toMatchObject([{ class: 'broken', retryable: true }, 4])
  })

  it.each([
    ['server login has been failing', { class: 'unsent', retryable: true }],
    ['unsupported startup parameter: statement_timeout', { class: 'permanent', retryable: false }],
  ])('tells what it says at login apart: %s', async (text, meaning) => {
    await using refusing = await pooler(fatal(text))
    await using db = postgres({ url: refusing.url, pipeline })

    expect(await db.query('SELECT 1').catch((error) => error)).toMatchObject(meaning)
  })
})
