import { fileURLToPath } from 'node:url'

/** What a test child does, in this order. It runs until it is killed, unless `exit` is given. */
export interface ChildBehaviour {
  readonly ignoreTerm?: boolean
  /** Written to stdout at once, one line each. */
  readonly say?: readonly string[]
  /** Starts a child in the same group that ignores SIGTERM, and says `grandchild <pid>`. */
  readonly grandchild?: boolean
  /**
   * Starts a child in the same group, one in a session of its own, and one that is nobody's child there, and says
   * `family <own pid> <same group> <session> <forked twice>`.
   */
  readonly family?: boolean
  /** Serves HTTP on this port, or on the first inherited socket; `GET /pid` answers its pid. Says `listening <port>`. */
  readonly serve?: number | 'inherited'
  /** Serves this status for every path but `/pid`. Default 200. */
  readonly status?: number
  /** Leaves with this code. */
  readonly exit?: number
}

// The same file from src/testing and from dist/testing: tsc leaves it where it is.
const program = fileURLToPath(new URL('../../src/testing/child.mjs', import.meta.url))

/** The command of a real process that behaves as told. */
export const childCommand = (behaviour: ChildBehaviour = {}): string[] => [
  process.execPath,
  program,
  JSON.stringify(behaviour),
]
