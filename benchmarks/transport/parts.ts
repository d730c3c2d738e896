import type { Row } from './report.ts'

/** One wire: what measures it, and how long. */
export interface Part {
  readonly rows: (quick: boolean) => Promise<readonly Row[]>
}

/** The wires, each measured in a process of its own. */
export const parts: Readonly<Record<string, Part>> = {
  zeromq: {
    rows: async (quick) => {
      const { zeromqRows } = await import('./zeromq.ts')
      return zeromqRows(quick ? { ms: 100, rounds: 3, kills: 3 } : { ms: 300, rounds: 21, kills: 20 })
    },
  },
  grpc: {
    rows: async (quick) => {
      const { grpcRows } = await import('./grpc.ts')
      return grpcRows(quick ? { calls: 500, rounds: 3, kills: 2 } : { calls: 2_000, rounds: 21, kills: 11 })
    },
  },
  fetch: {
    rows: async (quick) => {
      const { fetchRows } = await import('./fetch.ts')
      return fetchRows(quick ? { calls: 500, rounds: 3 } : { calls: 2_000, rounds: 15 })
    },
  },
  postgres: {
    rows: async (quick) => {
      const { postgresRows } = await import('./postgres.ts')
      return postgresRows(quick ? { calls: 400, rounds: 3 } : { calls: 1_500, rounds: 21 })
    },
  },
}
