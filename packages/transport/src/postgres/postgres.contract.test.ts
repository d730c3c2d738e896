import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PostgresServer, postgresServer, type WireUnderTest, wireContract } from '../testing/index.ts'
import { postgresPeer, statementOf } from '../testing/postgres-peer.ts'
import { postgres } from './postgres.ts'

let server: PostgresServer

beforeAll(async () => {
  server = await postgresServer()
  await server.start()
  await using db = postgres({ url: server.url })
  await db.query(postgresPeer)
  await server.kill()
})

afterAll(() => server[Symbol.asyncDispose]())

/** One server for all tests, each with a beginning of its own: to make one takes longer than to kill it. */
async function wire(): Promise<WireUnderTest> {
  let begun = false
  const peer = {
    ...server,
    async start() {
      await server.start()
      if (begun) return
      begun = true
      await using db = postgres({ url: server.url })
      await db.query('TRUNCATE done')
    },
  }
  return {
    peer,
    async done(text) {
      await using db = postgres({ url: server.url })
      const { rows } = await db.query<{ n: number }>('SELECT count(*)::int AS n FROM done WHERE text = $1', [
        text,
      ])
      return rows[0]!.n
    },
    async connect(pipeline) {
      const db = postgres({ url: server.url, pipeline, connections: { max: 40 }, comments: true })
      return {
        async ask(asked, options) {
          const [sql, values] = statementOf(asked)
          const { rows } = await db.query(sql, values, options)
          const answer = String(Object.values(rows[0]!)[0])
          return asked.does === 'told' ? JSON.stringify(envelope(answer)) : answer
        },
        close: () => db.close({ drain: 0 }),
      }
    },
    [Symbol.asyncDispose]: () => server.kill(),
  }
}

function envelope(sql: string): Record<string, string> {
  const pairs = [...sql.matchAll(/([\w-]+)='([^']*)'/g)]
  return Object.fromEntries(pairs.map(([, name, value]) => [name!, decodeURIComponent(value!)]))
}

wireContract('postgres', wire, { describe, it, expect, afterAll })
