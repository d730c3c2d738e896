import { fileURLToPath } from 'node:url'

/** What a test server does, apart from answering `<pid> <replica> <version>` on the first inherited socket and saying `up`. */
export interface ServerBehaviour {
  readonly version?: string
  /** Leaves with this code before it listens. */
  readonly exit?: number
  /** Never says that it is ready. */
  readonly silent?: boolean
  /** Begins at once though it is a spare. */
  readonly impatient?: boolean
}

// The same file from src/testing and from dist/testing: tsc leaves it where it is.
const program = fileURLToPath(new URL('../../src/testing/server.mjs', import.meta.url))

/** The command of a real HTTP server that shares its socket and drains. */
export const serverCommand = (behaviour: ServerBehaviour = {}): string[] => [
  process.execPath,
  program,
  JSON.stringify(behaviour),
]
