import { hedge, retry, wrap } from '@holdfast/policy'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { WireFailure } from '../failure.ts'
import { type PostgresServer, postgresServer } from '../testing/index.ts'
import { type Postgres, postgres } from './postgres.ts'
import type { Transaction } from './transaction.ts'

let server: PostgresServer
let db: Postgres

const again = wrap(retry({ attempts: 20, backoff: { initial: 1, max: 5 } }))

beforeAll(async () => {
  server = await postgresServer({ deadlock_timeout: '20ms' })
  await server.start()
  db = postgres({ url: server.url, pipeline: again, connections: { max: 20 } })
  await db.query('CREATE TABLE account (name text PRIMARY KEY, amount int NOT NULL)')
})

beforeEach(async () => {
  await db.query(`TRUNCATE account; INSERT INTO account VALUES ('a', 100), ('b', 100)`)
})

afterAll(async () => {
  await db.close()
  await server[Symbol.asyncDispose]()
})

const failure = (call: Promise<unknown>): Promise<WireFailure> =>
  call.then(
    () => expect.unreachable('it was answered'),
    (error: WireFailure) => error,
  )

const amounts = async (): Promise<number[]> =>
  (await db.query<{ amount: number }>('SELECT amount FROM account ORDER BY name')).rows.map(
    ({ amount }) => amount,
  )

const add = ({ query }: Transaction, name: string, n: number) =>
  query('UPDATE account SET amount = amount + $2 WHERE name = $1', [name, n])

describe('transaction', () => {
  it('commits what its function did, and answers with what it answers', async () => {
    const answer = await db.transaction(async (transaction) => {
      await add(transaction, 'a', -10)
      await add(transaction, 'b', 10)
      return 'moved'
    })

    expect(answer).toBe('moved')
    expect(await amounts()).toEqual([90, 110])
  })

  it('rolls back when its function throws, throws that as it is, and does not run it again', async () => {
    let runs = 0
    const own = new Error('changed my mind')
    const thrown = await failure(
      db.transaction(async (transaction) => {
        runs++
        await add(transaction, 'a', -10)
        throw own
      }),
    )

    expect(thrown).toBe(own)
    expect(runs).toBe(1)
    expect(await amounts()).toEqual([100, 100])
  })

  it('runs its function again after a serialisation failure, so that nothing is lost', async () => {
    let runs = 0
    await Promise.all(
      Array.from({ length: 8 }, () =>
        db.transaction(
          async ({ query }) => {
            runs++
            const { rows } = await query<{ amount: number }>(`SELECT amount FROM account WHERE name = 'a'`)
            await query(`UPDATE account SET amount = $1 WHERE name = 'a'`, [rows[0]!.amount + 1])
          },
          { isolation: 'serializable' },
        ),
      ),
    )

    expect(await amounts()).toEqual([108, 100])
    expect(runs).toBeGreaterThan(8)
  })

  it('runs one of the two again that lock each other out', async () => {
    const met = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
    let runs = 0
    const move = (names: readonly [string, string], mine: 0 | 1) =>
      db.transaction(async (transaction) => {
        runs++
        await add(transaction, names[0], 1)
        met[mine].resolve()
        await met[mine === 0 ? 1 : 0].promise
        await add(transaction, names[1], 1)
      })
    await Promise.all([move(['a', 'b'], 0), move(['b', 'a'], 1)])

    expect(await amounts()).toEqual([102, 102])
    expect(runs).toBe(3)
  })

  it('gives up a lock that takes too long as a failure that may pass', async () => {
    await using once = postgres({ url: server.url, pipeline: wrap() })
    await db.transaction(async (transaction) => {
      await add(transaction, 'a', 1)
      const waiting = once.transaction(async (other) => {
        await other.query('SET LOCAL lock_timeout = 20')
        await add(other, 'a', 1)
      })

      expect(await failure(waiting)).toMatchObject({ class: 'transient', retryable: true })
    })
  })

  it('runs its function again when the connection broke before COMMIT was sent', async () => {
    let runs = 0
    await db.transaction(async (transaction) => {
      await add(transaction, 'a', 1)
      if (++runs === 1) await transaction.query('SELECT pg_terminate_backend(pg_backend_pid())')
    })

    expect(runs).toBe(2)
    expect(await amounts()).toEqual([101, 100])
  })

  it('is not run again when the connection broke during COMMIT, unless it may be done twice', async () => {
    await db.query(`
      CREATE TABLE fatal (id int);
      CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END';
      CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON fatal DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION die()`)
    const runs = { once: 0, twice: 0 }
    const run = (of: keyof typeof runs) => (transaction: Transaction) => {
      runs[of]++
      return transaction.query('INSERT INTO fatal VALUES (1)')
    }
    const once = await failure(db.transaction(run('once')))
    const twice = await failure(db.transaction(run('twice'), { idempotent: true }))

    expect([once, twice]).toMatchObject([{ class: 'broken', retryable: false }, { class: 'broken' }])
    expect(runs).toEqual({ once: 1, twice: 20 })
  })

  it('is committed once under a hedge, though it is run twice at a time', async () => {
    await using hedged = postgres({ url: server.url, pipeline: wrap(hedge({ delay: 1 })) })
    await hedged.query('CREATE TABLE paid (id int)', [], { idempotent: true }).catch(() => undefined)
    const both = Promise.withResolvers<void>()
    let runs = 0
    await hedged.transaction(async ({ query }) => {
      await query('INSERT INTO paid VALUES (1)')
      if (++runs === 2) both.resolve()
      await both.promise
    })
    const { rows } = await db.query('SELECT count(*)::int AS n FROM paid')

    expect([runs, rows]).toEqual([2, [{ n: 1 }]])
  })

  it('does not commit when its function took no notice of a statement that failed', async () => {
    const failed = await failure(
      db.transaction(async (transaction) => {
        await add(transaction, 'a', 1)
        await transaction.query('SELECT 1/0').catch(() => undefined)
      }),
    )

    expect(failed).toMatchObject({
      class: 'permanent',
      code: 'POSTGRES_ROLLED_BACK',
      cause: { class: 'permanent' },
    })
    expect(await amounts()).toEqual([100, 100])
  })

  it('does statements that are asked for at once in a row, and waits for those that nobody waits for', async () => {
    await db.transaction(async (transaction) => {
      await Promise.all(['a', 'b'].map((name) => add(transaction, name, 1)))
      void add(transaction, 'a', 1)
    })

    expect(await amounts()).toEqual([102, 101])
  })

  it('sends nothing once it is over, and says so to a function that ends it itself', async () => {
    let kept: Transaction | undefined
    await db.transaction((transaction) => {
      kept = transaction
    })
    const ended = await failure(db.transaction(({ query }) => query('COMMIT')))

    expect(await failure(kept!.query('SELECT 1'))).toMatchObject({ code: 'POSTGRES_TRANSACTION_OVER' })
    expect(ended).toMatchObject({ class: 'permanent', code: 'POSTGRES_TRANSACTION_ENDED' })
  })

  it.each([
    ['COMMIT', 'SELECT pg_terminate_backend(pg_backend_pid())', 0],
    [' /* mine */ end', 'SELECT 1', 0],
    ['ROLLBACK', 'SELECT 1', 0],
    ['SELECT 1; COMMIT', 'SELECT pg_terminate_backend(pg_backend_pid())', 1],
    ['SELECT 1; COMMIT; BEGIN', "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$", 1],
    ["SELECT 1; COMMIT; DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$", 'SELECT 1', 1],
  ])('is not run again, nor goes on, when its function has it ended with %j', async (ending, next, times) => {
    let runs = 0
    await failure(
      db.transaction(async (transaction) => {
        runs++
        await add(transaction, 'a', 1)
        await transaction.query(ending).catch(() => undefined)
        await transaction.query(next)
        await add(transaction, 'b', 1)
      }),
    )

    expect([runs, ...(await amounts())]).toEqual([1, 100 + times, 100])
  })

  it('may go back to a savepoint, and say BEGIN in a text', async () => {
    await db.transaction(async (transaction) => {
      await transaction.query('SAVEPOINT here')
      await add(transaction, 'a', 1)
      await transaction.query('ROLLBACK TO here')
      await transaction.query("SELECT 'x; COMMIT'")
    })

    expect(await amounts()).toEqual([100, 100])
  })

  it('is rolled back when its caller leaves, whatever its function waits for, and its connection is not held', async () => {
    await using single = postgres({ url: server.url, pipeline: wrap(), connections: { max: 1 } })
    const leaving = new AbortController()
    const held = Promise.withResolvers<void>()
    const left = failure(
      single.transaction(
        async (transaction) => {
          await add(transaction, 'a', 1)
          held.resolve()
          await new Promise<never>(() => undefined)
        },
        { signal: leaving.signal },
      ),
    )
    await held.promise
    leaving.abort(new Error('gone'))

    expect(await left).toMatchObject({ message: 'gone' })
    expect((await single.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
    expect(await amounts()).toEqual([100, 100])
  })

  it('is over when its client is closed, or its connection lost, whatever its function waits for', async () => {
    await using client = postgres({ url: server.url, pipeline: wrap() })
    const hanging = async () => {
      const begun = Promise.withResolvers<unknown>()
      const over = failure(
        client.transaction(async ({ query }) => {
          const { rows } = await query('SELECT pg_backend_pid() AS pid')
          begun.resolve(rows[0]!['pid'])
          await new Promise(() => undefined)
        }),
      )
      return { pid: await begun.promise, over }
    }
    const [lost, closed] = [await hanging(), await hanging()]
    await db.query('SELECT pg_terminate_backend($1)', [lost.pid])
    expect(await lost.over).toMatchObject({ class: 'broken', retryable: true })
    await client.close({ drain: 20 })

    expect(await closed.over).toMatchObject({ class: 'permanent', code: 'POSTGRES_CLOSED' })
  })

  it('refuses to write where it is only to read', async () => {
    const failed = await failure(
      db.transaction((transaction) => add(transaction, 'a', 1), { readOnly: true }),
    )

    expect(failed).toMatchObject({ class: 'permanent' })
    expect(await failure(db.transaction(async () => 1, { isolation: 'chaos' as never }))).toMatchObject({
      code: 'OPTION_INVALID',
    })
  })
})
