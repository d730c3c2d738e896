import { fileURLToPath } from 'node:url'

/** What a test child does, in this order. It runs until it is killed, unless `exit` is given. */
export interface ChildBehaviour {
  /** Written to stdout at once, one line each. */
  readonly say?: readonly string[]
  readonly ignoreTerm?: boolean
  /** Starts a child in the same group that ignores SIGTERM, and says `grandchild <pid>`. */
  readonly grandchild?: boolean
  /** Serves HTTP on this port, or on the first inherited socket; `GET /pid` answers its pid. Says `listening <port>`. */
  readonly serve?: number | 'inherited'
  /** Serves this status for every path but `/pid`. Default 200. */
  readonly status?: number
  /** Leaves with this code. */
  readonly exit?: number
}

// From source this is child-command.ts beside child.ts, and when published child-command.js beside child.js.
const program = fileURLToPath(import.meta.url).replace(/child-command(?=\.[jt]s$)/, 'child')

/** The command of a real process that behaves as told. */
export const childCommand = (behaviour: ChildBehaviour = {}): string[] => [
  process.execPath,
  program,
  JSON.stringify(behaviour),
]
