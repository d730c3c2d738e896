import { destination } from 'pino'

/** Where lines go, each with its newline. A Node stream is one. */
export interface LineSink {
  write(line: string): unknown
}

/** How many lines a log could hand over, and how many are lost. */
export interface SinkStatus {
  readonly written: number
  readonly dropped: number
}

/** A sink that cannot fail. */
export interface SteadySink extends LineSink {
  status(): SinkStatus
}

const waiting = 1_048_576

/*
 * I1  Nothing that the sink underneath does throws into who writes, or becomes an uncaught `error` event.
 * I2  Every line is counted as written when it is handed over, and as dropped instead if the sink refuses it; an error counts once.
 * I3  What a file descriptor or a stream does not take waits in little more than 1 MB of memory.
 */
/** Makes a sink, or a file descriptor, one that cannot fail: what it does not take is dropped and counted. */
export function steadySink(to: LineSink | number): SteadySink {
  let written = 0
  let dropped = 0
  let broken = false
  let last: unknown
  const lose = (error?: unknown): void => {
    // A stream may tell the same error to the same listener twice.
    if (error !== undefined && error === last) return
    last = error
    dropped++
    if (written > 0) written--
  }
  const sink = typeof to === 'number' ? descriptor(to, lose) : to
  const { on } = sink as { readonly on?: unknown }
  if (typeof on === 'function') {
    on.call(sink, 'error', (error: unknown) => {
      if (Reflect.get(Object(error), 'code') === 'EPIPE') broken = true
      lose(error)
    })
  }
  return {
    write(line) {
      if (broken || refuses(sink)) return void dropped++
      written++
      try {
        const answer: unknown = sink.write(line)
        if (answer instanceof Promise) answer.catch(() => lose())
      } catch {
        lose()
      }
    },
    status: () => ({ written, dropped }),
  }
}

/** A stream that has ended, or that has more waiting than is good for the process. */
function refuses(sink: Stream): boolean {
  return sink.destroyed === true || sink.writableEnded === true || (sink.writableLength ?? 0) > waiting
}

type Stream = LineSink & {
  readonly destroyed?: boolean
  readonly writableEnded?: boolean
  readonly writableLength?: number
}

function descriptor(fd: number, lose: () => void): LineSink {
  const file = destination({ dest: fd, sync: true, maxLength: waiting })
  file.on('drop', () => lose())
  return file
}
