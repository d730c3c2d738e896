import { execFile } from 'node:child_process'
import { once as event } from 'node:events'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { hedge, retry, timeout, wrap } from '@holdfast/policy'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WireFailure } from '../failure.ts'
import { freePort, type PostgresServer, postgresServer } from '../testing/index.ts'
import { isOutage } from './default-pipeline.ts'
import { type Postgres, postgres } from './postgres.ts'
import type { PostgresOptions } from './postgres-options.ts'
import { sqlStateOf } from './sqlstate.ts'

let server: PostgresServer

beforeAll(async () => {
  server = await postgresServer()
  await server.start()
  await using db = postgres({ url: server.url })
  await db.query('CREATE TABLE kept (id int PRIMARY KEY)')
})

afterAll(() => server[Symbol.asyncDispose]())

/** A client whose pipeline does nothing, so that what the wire does by itself is seen. */
const plain = (options: Partial<PostgresOptions> = {}): Postgres =>
  postgres({ url: server.url, pipeline: wrap(), ...options })

const failure = (call: Promise<unknown>): Promise<WireFailure> =>
  call.then(
    () => expect.unreachable('it was answered'),
    (error: WireFailure) => error,
  )

/** Backends that do something for a client with that name. */
async function active(db: Postgres, name: string): Promise<number> {
  const sql = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = $1 AND state <> 'idle'`
  return (await db.query<{ n: number }>(sql, [name])).rows[0]!.n
}

async function until(ok: () => Promise<boolean>): Promise<void> {
  while (!(await ok())) await new Promise((resolve) => setTimeout(resolve, 5))
}

const pidOf = async (db: Postgres): Promise<number> =>
  (await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]!.pid

describe('postgres', () => {
  it('answers with rows, by name and by type', async () => {
    await using db = postgres({ url: server.url })

    expect((await db.query('SELECT $1::int AS n, $2::jsonb AS j', [1, { a: [1] }])).rows).toEqual([
      { n: 1, j: { a: [1] } },
    ])
  })

  it('makes no more connections than it may, and has the rest wait', async () => {
    await using db = plain({ connections: { max: 3 } })
    const pids = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const { rows } = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid, pg_sleep(0.01)')
        return rows[0]!.pid
      }),
    )

    expect(new Set(pids).size).toBe(3)
    expect(db.status()).toMatchObject({
      state: 'open',
      servers: [{ role: 'primary', idle: 3, busy: 0, waiting: 0 }],
    })
  })

  it('refuses whom the queue has no room for, and who has waited too long, as unsent and no outage', async () => {
    await using db = plain({ connections: { max: 1 }, queue: 1, maxWait: 1_000 })
    const leaving = new AbortController()
    const held = failure(db.query('SELECT pg_sleep(60)', [], { signal: leaving.signal }))
    const waits = failure(db.query('SELECT 1'))
    const full = await failure(db.query('SELECT 1'))

    expect(full).toMatchObject({ class: 'unsent', code: 'POSTGRES_POOL_FULL', retryable: true })
    expect(isOutage(full)).toBe(false)
    expect(await waits).toMatchObject({ class: 'unsent', code: 'POSTGRES_POOL_FULL' })
    leaving.abort(new Error('enough'))
    expect(await held).toMatchObject({ message: 'enough' })
  })

  it('cancels on the server what its caller no longer waits for, and uses the connection again', async () => {
    await using db = plain({ name: 'leaves', connections: { max: 1 } })
    await using other = plain()
    const pid = await pidOf(db)
    const leaving = new AbortController()
    const left = failure(db.query('SELECT pg_sleep(60)', [], { signal: leaving.signal }))
    await until(async () => (await active(other, 'leaves')) === 1)
    leaving.abort(new Error('gone'))

    expect(await left).toMatchObject({ message: 'gone' })
    expect(await pidOf(db)).toBe(pid)
    expect(await active(other, 'leaves')).toBe(0)
  })

  it('never gives a call the answer of another, however many leave in the middle', async () => {
    await using db = plain({ connections: { max: 4 } })
    const answers = await Promise.all(
      Array.from({ length: 300 }, async (_, n) => {
        const within = n % 3 === 0 ? 1 + (n % 20) : undefined
        try {
          const { rows } = await db.query('SELECT $1::int AS n, pg_sleep($2)', [n, (n % 7) / 1_000], {
            within,
          })
          return rows[0]!['n'] === n ? 'own' : 'of another'
        } catch (error) {
          return (error as WireFailure).code
        }
      }),
    )

    expect(new Set(answers)).toEqual(new Set(['own', 'DEADLINE_PASSED']))
    expect(db.status()).toMatchObject({ servers: [{ waiting: 0 }] })
  })

  it('gives up a server that says nothing, and what it was asked may be done', async () => {
    const silent = createServer((socket) => void socket.on('error', () => undefined)).listen(0, '127.0.0.1')
    await event(silent, 'listening')
    const { port } = silent.address() as { port: number }
    await using db = plain({ url: `postgres://u:secret@127.0.0.1:${port}/d`, connectTimeout: 30 })
    const failed = await failure(db.query('SELECT 1'))
    silent.close()

    expect(failed).toMatchObject({ class: 'unsent' })
    expect(failed.message).toContain('within 30 ms')
    expect(JSON.stringify(failed)).not.toContain('secret')
  })

  it('gives up a statement that takes longer than it may', async () => {
    await using db = plain({ statementTimeout: 50 })
    const failed = await failure(db.query('SELECT pg_sleep(60)'))

    expect(failed).toMatchObject({ class: 'timeout', retryable: false })
    expect(sqlStateOf(failed)).toBe('57014')
    expect((await db.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
  })

  it('settles what is asked of a backend that is stopped, and goes on with another', async () => {
    await using db = plain({ connections: { max: 2 } })
    const pid = await pidOf(db)
    process.kill(pid, 'SIGSTOP')
    const failed = await failure(db.query('SELECT 1', [], { within: 100 }))

    expect(failed).toMatchObject({ code: 'DEADLINE_PASSED' })
    expect(await pidOf(db)).not.toBe(pid)
    process.kill(pid, 'SIGCONT')
  })

  it('tests a connection that was idle, and throws it away before it is used', async () => {
    await using db = plain({ validateAfter: 0, connections: { max: 2 } })
    const pid = await pidOf(db)
    process.kill(pid, 'SIGSTOP')

    expect(await pidOf(db)).not.toBe(pid)
    process.kill(pid, 'SIGCONT')
  })

  it('throws away a connection that was closed while it was idle', async () => {
    await using db = plain({ connections: { max: 1 } })
    await using other = plain()
    const pid = await pidOf(db)
    await other.query('SELECT pg_terminate_backend($1, 1000)', [pid])
    await until(async () => db.status().servers[0]!.idle === 0)

    expect(await pidOf(db)).not.toBe(pid)
  })

  it('keeps a connection on which a statement failed, and none that has a transaction open', async () => {
    await using db = plain({ connections: { max: 1 } })
    const pid = await pidOf(db)
    const failed = await failure(db.query('SELECT 1/0'))
    const after = await pidOf(db)
    const begun = await failure(db.query('BEGIN'))
    const listening = await failure(db.query('LISTEN news'))
    const fresh = await pidOf(db)

    expect([sqlStateOf(failed), failed.class, after]).toEqual(['22012', 'permanent', pid])
    expect(fresh).not.toBe(pid)
    expect([begun.code, listening.code]).toEqual(['POSTGRES_LEFT_OPEN', 'POSTGRES_LISTEN'])
  })

  it('sends what may only be done once at most once, whatever pipeline stands around it', async () => {
    const eager = wrap(
      retry({ attempts: 5, backoff: { initial: 1, max: 1 }, when: () => true }),
      timeout(250),
    )
    await using db = plain({ pipeline: eager })
    await using other = plain()
    await other.query('CREATE SEQUENCE tried')
    await db.query('SELECT 1', [], { idempotent: true })
    const failed = await failure(db.query(`SELECT nextval('tried'), pg_sleep(60)`))
    const often = await failure(db.query(`SELECT nextval('tried'), pg_sleep(60)`, [], { idempotent: true }))
    const { rows } = await other.query(`SELECT last_value::int AS n FROM tried`)

    expect(failed).toMatchObject({ class: 'broken', code: 'WIRE_MAY_BE_DONE' })
    expect(often).toMatchObject({ code: 'TIMEOUT' })
    expect(rows).toEqual([{ n: 6 }])
  })

  it('sends what may only be done once to one of the connections that a hedge waits for', async () => {
    await using db = plain({ pipeline: wrap(hedge({ delay: 1 })), connections: { max: 1 } })
    await db.query('CREATE SEQUENCE hedged', [], { within: 5_000 })
    const holding = db.transaction(({ query }) => query('SELECT pg_sleep(0.1)'), { readOnly: true })
    const drawn = await db.query<{ n: number }>(`SELECT nextval('hedged')::int AS n`)
    await holding
    const { rows } = await db.query(`SELECT last_value::int AS n FROM hedged`, [], { readOnly: true })

    expect([drawn.rows, rows]).toEqual([[{ n: 1 }], [{ n: 1 }]])
  })

  it('tries again what the server undid, but not a text that may have done half of it', async () => {
    const twice = wrap(retry({ attempts: 2, backoff: { initial: 1, max: 1 } }))
    await using db = plain({ pipeline: twice })
    await db.query('CREATE SEQUENCE undone')
    const raised = `DO $$ BEGIN PERFORM nextval('undone'); RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$`
    await db.query(`CREATE FUNCTION raised() RETURNS int LANGUAGE plpgsql AS
      'BEGIN PERFORM nextval(''undone''); RAISE EXCEPTION ''no'' USING ERRCODE = ''40001''; END'`)
    const count = async () =>
      (await db.query<{ n: number }>('SELECT last_value::int AS n FROM undone')).rows[0]!.n
    const one = [await failure(db.query('SELECT raised()')), await count()]
    const half = [await failure(db.query(`SELECT 1; SELECT raised()`)), await count()]
    const alone = [await failure(db.query(raised)), await count()]

    expect(one).toMatchObject([{ class: 'transient', retryable: true }, 2])
    expect(half).toMatchObject([{ class: 'transient', retryable: false }, 3])
    expect(alone).toMatchObject([{ class: 'transient', retryable: false }, 4])
  })

  it('refuses what cannot be sent, and keeps its connection', async () => {
    await using db = plain({ connections: { max: 1 } })
    const pid = await pidOf(db)
    const circle: unknown[] = []
    circle.push({ circle })

    expect(await failure(db.query(7 as never))).toMatchObject({ code: 'OPTION_INVALID' })
    expect(await failure(db.query('SELECT $1', 7 as never))).toMatchObject({ code: 'OPTION_INVALID' })
    expect(await failure(db.query('SELECT $1::jsonb', circle))).toMatchObject({ class: 'permanent' })
    expect(await pidOf(db)).toBe(pid)
  })

  it('says what is wrong with its options, and shows no password', async () => {
    const wrong = (options: object): string => {
      try {
        postgres(options as PostgresOptions)
        return 'nothing'
      } catch (error) {
        return (error as Error).message
      }
    }

    expect(wrong({})).toContain('postgres.url must be given')
    expect(wrong({ url: 'postgres://u:secret@h:port/d' })).toMatch(/^(?!.*secret).*cannot be read/)
    expect(wrong({ url: 'mysql://u:secret@h/d' })).toMatch(/^(?!.*secret).*mysql:/)
    expect(wrong({ url: 'postgres://h/d?sslmode=perhaps' })).toContain('perhaps')
    expect(wrong({ host: 'h', conections: {} })).toContain('postgres.conections')
    expect(wrong({ host: 'h', connections: { max: 0 } })).toContain('connections.max')
    expect(wrong({ host: 'h', fallbackHosts: ['a b'] })).toContain("'a b'")
    expect(wrong({ host: 'h', fallbackHosts: ['postgres://u:secret@h/d'] })).toMatch(
      /^(?!.*secret).*fallbackHosts/,
    )
  })

  it('tells who cannot log in apart from who cannot be reached', async () => {
    await using nobody = plain({ url: `postgres://nobody@127.0.0.1:${server.port}/postgres` })
    await using nowhere = plain({ url: `postgres://u@127.0.0.1:${await freePort()}/d` })

    expect(await failure(nobody.query('SELECT 1'))).toMatchObject({ class: 'permanent' })
    expect(await failure(nowhere.query('SELECT 1'))).toMatchObject({ class: 'unsent', retryable: true })
  })

  it('says how the database is to whoever checks its health', async () => {
    await using db = plain()
    await using nowhere = plain({ url: `postgres://u@127.0.0.1:${await freePort()}/d` })

    expect(await db.check()).toMatchObject({ status: 'healthy' })
    expect(await nowhere.check()).toMatchObject({
      status: 'unhealthy',
      reason: expect.stringContaining('ECONNREFUSED'),
    })
    await db.close()
    expect(await db.check()).toMatchObject({ status: 'unhealthy' })
  })

  it('closes when what is under way and what waits is done, and takes nothing more', async () => {
    const db = plain({ connections: { max: 1 } })
    const under = db.query('SELECT 1 AS n, pg_sleep(0.1)')
    const waits = db.query('SELECT 2 AS n')
    const closing = db.close()
    const after = await failure(db.query('SELECT 3'))
    await closing

    expect([(await under).rows[0], (await waits).rows[0]]).toMatchObject([{ n: 1 }, { n: 2 }])
    expect(after).toMatchObject({
      class: 'permanent',
      code: 'POSTGRES_CLOSED',
      hint: 'Make another client, or close this one later.',
    })
    expect(db.status()).toMatchObject({ state: 'closed', servers: [{ idle: 0, busy: 0 }] })
  })

  it('lets its process end when the work is done, though nobody closed it', async () => {
    const door = JSON.stringify(import.meta.resolve('./postgres.ts'))
    const code = `import { postgres } from ${door}
      const db = postgres({ url: ${JSON.stringify(server.url)} })
      await db.query('SELECT 1')
      await db.transaction(({ query }) => query('SELECT pg_sleep(0.05)'))
      console.log('done')`
    const args = ['--conditions=@holdfast/source', '--input-type=module', '--eval', code]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })

    expect(stdout).toBe('done\n')
  })

  it('leaves nothing open behind it', async () => {
    const open = () => process.getActiveResourcesInfo().filter((kind) => /TCP|Pipe|TLS/.test(kind)).length
    const before = open()
    const db = plain()
    await Promise.all([
      db.query('SELECT 1'),
      db.query('SELECT 2'),
      failure(db.query('SELECT pg_sleep(9)', [], { within: 20 })),
    ])
    await db.close()
    await until(async () => open() <= before)

    expect(open()).toBeLessThanOrEqual(before)
  })
})
