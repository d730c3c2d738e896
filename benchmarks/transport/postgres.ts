// PostgreSQL: what the pool and the pipeline cost over bare pg, in one process against one server. See README.md.
import { wrap } from '@holdfast/policy'
import { type Postgres, postgres } from '@holdfast/transport/postgres'
import { postgresServer } from '@holdfast/transport/testing'
import pg from 'pg'

/** One figure: the median over all rounds, and how it compares with the bare driver's. */
export interface PostgresRow {
  readonly library: string
  readonly name: string
  readonly unit: 'calls/s' | 'µs of CPU'
  readonly value: number
  /** Of the bare driver's, in the median of the rounds. */
  readonly ratio: number
}

interface Subject {
  readonly library: string
  readonly select: () => Promise<unknown>
  readonly transaction: () => Promise<unknown>
  readonly close: () => Promise<unknown>
}

/** `calls` in each of `rounds` rounds, of each kind of work, by each way in turn. */
export async function postgresRows(plan: {
  readonly calls: number
  readonly rounds: number
}): Promise<PostgresRow[]> {
  await using server = await postgresServer({ synchronous_commit: 'off' })
  await server.start()
  const url = server.url
  const subjects: readonly Subject[] = [
    bare(url),
    holdfast('holdfast', postgres({ url, connections: { max: 20 } })),
    holdfast('holdfast, no policies', postgres({ url, connections: { max: 20 }, pipeline: wrap() })),
  ]
  const rows: PostgresRow[] = []
  const kinds = [
    ['select, 1 in flight', 'select', 1],
    ['select, 20 in flight', 'select', 20],
    ['transaction, 1 in flight', 'transaction', 1],
    ['transaction, 20 in flight', 'transaction', 20],
  ] as const
  for (const [name, work, inFlight] of kinds) {
    const calls = work === 'select' ? plan.calls : plan.calls / 4
    for (const subject of subjects) await run(subject[work], calls, inFlight)
    const measured = subjects.map(() => ({ rate: [] as number[], cpu: [] as number[] }))
    for (let round = 0; round < plan.rounds; round++)
      for (const at of turned(subjects.length, round)) {
        const { rate, cpu } = await run(subjects[at]![work], calls, inFlight)
        measured[at]!.rate.push(rate)
        measured[at]!.cpu.push(cpu)
      }
    const [base] = measured
    for (const [at, { library }] of subjects.entries()) {
      const { rate, cpu } = measured[at]!
      const compared = (mine: number[], theirs: number[]) => median(mine.map((each, n) => each / theirs[n]!))
      rows.push({ library, name, unit: 'calls/s', value: median(rate), ratio: compared(rate, base!.rate) })
      rows.push({ library, name, unit: 'µs of CPU', value: median(cpu), ratio: compared(cpu, base!.cpu) })
    }
  }
  for (const { close } of subjects) await close()
  return rows
}

const sql = 'SELECT $1::int AS n, now() AS at'

function bare(url: string): Subject {
  const pool = new pg.Pool({
    connectionString: url,
    max: 20,
    connectionTimeoutMillis: 10_000,
    statement_timeout: 30_000,
  })
  return {
    library: 'pg',
    select: () => pool.query(sql, [1]),
    async transaction() {
      const client = await pool.connect()
      try {
        await client.query('BEGIN')
        await client.query(sql, [1])
        await client.query('COMMIT')
      } finally {
        client.release()
      }
    },
    close: () => pool.end(),
  }
}

function holdfast(library: string, db: Postgres): Subject {
  return {
    library,
    select: () => db.query(sql, [1]),
    transaction: () => db.transaction(({ query }) => query(sql, [1])),
    close: () => db.close(),
  }
}

async function run(
  work: () => Promise<unknown>,
  calls: number,
  inFlight: number,
): Promise<{ rate: number; cpu: number }> {
  let left = calls
  const caller = async () => {
    while (left-- > 0) await work()
  }
  const before = process.cpuUsage()
  const from = performance.now()
  await Promise.all(Array.from({ length: inFlight }, caller))
  const { user, system } = process.cpuUsage(before)
  return { rate: (1_000 * calls) / (performance.now() - from), cpu: (user + system) / calls }
}

/** Each round begins with another. */
function turned(length: number, round: number): number[] {
  return Array.from({ length }, (_, at) => (at + round) % length)
}

function median(of: readonly number[]): number {
  return of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)]!
}

if (process.argv[1] === import.meta.filename) {
  const rows = await postgresRows({ calls: 1_500, rounds: 21 })
  for (const { library, name, unit, value, ratio } of rows)
    console.log(
      `${name.padEnd(28)}${library.padEnd(24)}${value.toFixed(1).padStart(10)} ${unit.padEnd(10)}${ratio.toFixed(3)}`,
    )
}
