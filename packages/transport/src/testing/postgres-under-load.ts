import { type Pipeline, type Random, retry, wrap } from '@holdfast/policy'
import { postgres } from '../postgres/postgres.ts'
import type { PostgresServer } from './postgres-server.ts'

/** What became of calls that each add one line, while their server was killed and started again. */
export interface UnderLoad {
  readonly answered: number
  /** Those of which nobody knows. */
  readonly failed: number
  /** Lines there are more than once. */
  readonly twice: number
  /** Answered, and not there. */
  readonly missing: number
  /** Of transactions in the table of lines, and as they counted themselves. */
  readonly transactions: readonly [lines: number, counted: number]
}

/**
 * Twenty callers, each with one statement (done for a while before it is answered) or one transaction at a time, through `kills` kills of the server at moments that
 * `random` chooses.
 */
export async function underLoad(server: PostgresServer, kills: number, random: Random): Promise<UnderLoad> {
  const patient: Pipeline = wrap(retry({ attempts: 500, backoff: { initial: 2, max: 20 }, random }))
  await using db = postgres({ url: server.url, pipeline: patient, connections: { max: 20 } })
  await db.query(`DROP TABLE IF EXISTS line, counter; CREATE TABLE line (id text, kind text);
    CREATE TABLE counter (n int); INSERT INTO counter VALUES (0);
    CREATE OR REPLACE PROCEDURE slow_to_answer(text, text) LANGUAGE plpgsql AS
      'BEGIN INSERT INTO line VALUES ($1, $2); COMMIT; PERFORM pg_sleep(0.005); END'`)
  const answered: string[] = []
  let failed = 0
  let over = false
  let progress = Promise.withResolvers<void>()
  let wanted = 0

  const add = (id: string, kind: string) => {
    if (kind === 'statement') return db.query('CALL slow_to_answer($1, $2)', [id, kind])
    return db.transaction(async ({ query }) => {
      await query('INSERT INTO line VALUES ($1, $2)', [id, kind])
      await query('UPDATE counter SET n = n + 1')
    })
  }
  const caller = async (name: number) => {
    for (let n = 0; !over; n++) {
      const id = `${name}-${n}`
      try {
        await add(id, n % 2 === 0 ? 'statement' : 'transaction')
        answered.push(id)
        if (answered.length >= wanted) progress.resolve()
      } catch {
        failed++
      }
    }
  }
  const more = (n: number): Promise<void> => {
    wanted = answered.length + n
    progress = Promise.withResolvers()
    return progress.promise
  }
  const callers = Promise.all(Array.from({ length: 20 }, (_, name) => caller(name)))
  for (let kill = 0; kill < kills; kill++) {
    await more(50 + Math.floor(random() * 200))
    await server.kill()
    await server.start()
  }
  await more(100)
  over = true
  await callers

  const { rows } = await db.query<{ id: string; kind: string; n: number }>(
    'SELECT id, kind, count(*)::int AS n FROM line GROUP BY id, kind',
  )
  const counter = await db.query<{ n: number }>('SELECT n FROM counter')
  const there = new Set(rows.map(({ id }) => id))
  return {
    answered: answered.length,
    failed,
    twice: rows.filter(({ n }) => n > 1).length,
    missing: answered.filter((id) => !there.has(id)).length,
    transactions: [rows.filter(({ kind }) => kind === 'transaction').length, counter.rows[0]!.n],
  }
}
