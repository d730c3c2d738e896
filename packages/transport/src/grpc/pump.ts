import type { Messages } from './grpc-method.ts'

/** Where a pump puts messages: a writable stream of objects. */
export interface Sink {
  write(message: unknown): boolean
  end(): unknown
  on(event: 'drain', listener: () => void): unknown
}

/**
 * Writes messages into a sink, one after the other, no faster than it takes them, and ends it behind the last.
 *
 * What the source throws goes to `failed`, and the sink is not ended. The answer stops it: the source is told, and nothing more is written.
 */
export function pump(source: Messages<unknown>, sink: Sink, failed: (error: unknown) => void): () => void {
  let stopped = false
  let wake = () => {}
  let leave = () => {}
  sink.on('drain', () => wake())
  const run = async (): Promise<void> => {
    const messages =
      Symbol.asyncIterator in source
        ? source[Symbol.asyncIterator]()
        : (source[Symbol.iterator]() as Iterator<unknown>)
    leave = () => void Promise.resolve(messages.return?.()).catch(() => undefined)
    while (!stopped) {
      const { done, value } = await messages.next()
      if (stopped) return
      if (done) return void sink.end()
      if (!sink.write(value) && !stopped) await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  run().catch((error: unknown) => {
    if (!stopped) failed(error)
  })
  return () => {
    if (stopped) return
    stopped = true
    leave()
    wake()
  }
}
