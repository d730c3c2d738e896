import type { Row } from './report.ts'

/** One question: what measures it, and how long. */
export interface Part {
  readonly rows: (quick: boolean) => Promise<readonly Row[]>
  /** Too long to be asked with all the others. */
  readonly alone?: true
}

/** The questions, each asked in a process of its own. */
export const parts: Readonly<Record<string, Part>> = {
  restart: {
    rows: async (quick) => (await import('./restart.ts')).restartRows(quick ? 10 : 41),
  },
  many: {
    rows: async (quick) => (await import('./many.ts')).manyRows(quick ? 3 : 11),
  },
  memory: {
    rows: async (quick) => (await import('./many.ts')).memoryRows(quick ? 2_000 : 5_000),
  },
  refused: {
    rows: async (quick) => (await import('./refused.ts')).refusedRows(quick ? 5 : 20),
  },
  growth: {
    rows: async (quick) =>
      (await import('./growth.ts')).growthRows(
        quick ? { restarts: 1_000, megabytes: 100 } : { restarts: 10_000, megabytes: 1_000 },
      ),
    alone: true,
  },
}
