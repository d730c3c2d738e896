import { retry, wrap } from '@holdfast/policy'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WireFailure } from '../failure.ts'
import { type PostgresServer, postgresServer } from '../testing/index.ts'
import { type Postgres, postgres } from './postgres.ts'

let first: PostgresServer
let second: PostgresServer
let db: Postgres

/** The first lets data be changed, the second does not until it is told to. */
beforeAll(async () => {
  first = await postgresServer()
  second = await postgresServer({ autovacuum: 'off' })
  await Promise.all([first.start(), second.start()])
  await using other = postgres({ url: second.url })
  await other.query('CREATE TABLE kept (id int)')
  await other.query('ALTER SYSTEM SET default_transaction_read_only = on')
  await other.query('SELECT pg_reload_conf()')
  const pipeline = wrap(retry({ attempts: 2, backoff: { initial: 1, max: 1 } }))
  db = postgres({ url: first.url, pipeline, fallbackHosts: [`127.0.0.1:${second.port}`] })
  await db.query('CREATE TABLE kept (id int)')
})

afterAll(async () => {
  await db.close()
  await Promise.all([first, second].map((server) => server[Symbol.asyncDispose]()))
})

const port = async (options?: object): Promise<number> => {
  const { rows } = await db.query<{ port: number }>(
    `SELECT current_setting('port')::int AS port`,
    [],
    options,
  )
  return rows[0]!.port
}

async function until(ok: () => Promise<boolean>): Promise<void> {
  while (!(await ok())) await new Promise((resolve) => setTimeout(resolve, 5))
}

const reading = { readOnly: true }
const failure = (call: Promise<unknown>): Promise<WireFailure> =>
  call.then(
    () => expect.unreachable('it was answered'),
    (error: WireFailure) => error,
  )

describe('several servers', () => {
  it('are asked where data can be changed, and for reading elsewhere while that one is away', async () => {
    expect([await port(), await port(reading)]).toEqual([first.port, first.port])

    await first.kill()
    expect(await port(reading)).toBe(second.port)
    expect(await db.transaction(async () => 'read', reading)).toBe('read')
    expect(await db.check()).toMatchObject({ status: 'degraded' })
    expect(await failure(db.query('INSERT INTO kept VALUES (1)'))).toMatchObject({ class: 'unsent' })

    await first.start()
    await until(async () => (await port(reading)) === first.port)
    expect(await port()).toBe(first.port)
  })

  it('never change what they say cannot be changed, and do as soon as they say that it can', async () => {
    await first.kill()
    await using both = postgres({
      url: first.url,
      pipeline: wrap(),
      fallbackHosts: [`127.0.0.1:${second.port}`],
    })
    await using other = postgres({ url: second.url, pipeline: wrap() })
    const refused = await failure(both.query('INSERT INTO kept VALUES (2)'))
    const told = await failure(other.query('INSERT INTO kept VALUES (2)'))
    await other.transaction(({ query }) => query('SELECT 1'), reading)
    await other.query('ALTER SYSTEM RESET default_transaction_read_only')
    await other.query('SELECT pg_reload_conf()')
    await until(async () => {
      const { rows } = await other.query('SHOW default_transaction_read_only')
      return rows[0]!['default_transaction_read_only'] === 'off'
    })
    // A backend that does nothing hears of it a moment after the others.
    const insert = () => both.query('INSERT INTO kept VALUES (3)')
    await until(async () => (await insert().catch(() => undefined)) !== undefined)
    const { rows } = await both.query('SELECT id FROM kept')

    expect(refused).toMatchObject({ class: 'unsent' })
    expect(told).toMatchObject({ class: 'unsent', cause: { code: '25006' } })
    expect(rows).toEqual([{ id: 3 }])
    await first.start()
  })
})
