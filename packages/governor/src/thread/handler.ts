/** What a handler in a thread is given. */
export interface HandlerContext<Data = unknown> {
  /** A copy of `data` of its spec, made anew for every start. */
  readonly data: Data
  /** Aborted when it shall end: let go of everything then, and the thread ends by itself. */
  readonly signal: AbortSignal
  /** Says that it is ready; to return says so too. */
  ready(): void
  /** The held sockets of its spec, in order: `server.listen(listen[0])`, once each. */
  readonly listen: readonly object[]
}

/**
 * What a module that is run in a thread exports under the name `run`.
 *
 * ```ts
 * export const run: HandlerRun<{ greeting: string }> = ({ data, signal, listen }) => {
 *   const server = createServer((_, response) => response.end(data.greeting)).listen(listen[0])
 *   signal.addEventListener('abort', () => server.close())
 * }
 * ```
 *
 * A thread lives like a process: as long as `run` has not returned, or something is left on its event loop. One that ends,
 * throws, leaves a rejection unhandled, calls `process.exit` or runs out of memory is restarted as its spec says. What it
 * prints are the lines of its service. One whose event loop does not turn any more is terminated.
 */
export type HandlerRun<Data = unknown> = (context: HandlerContext<Data>) => unknown
