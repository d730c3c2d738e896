import type { Server, ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { type Clock, systemClock } from '@holdfast/policy'

export interface GracefulCloseOptions {
  readonly clock?: Clock
  /** How long a connection without a request is kept, in ms (250): one may be under way on it. */
  readonly linger?: number
  /** After how long all connections are ended, in ms (3 000). */
  readonly patience?: number
  /** Has those who are still being answered told why they are not any longer. */
  readonly leave?: (() => void) | undefined
}

/** How long last words may take, in ms. */
const lastWords = 100

/*
 * Node's own `server.close()` destroys what it calls idle: connections on which a request is just arriving, and those of
 * which the last answer is not written yet.
 *
 * I1  Once it closes nobody is accepted, and who was accepted is read and answered, until `patience` is over.
 * I2  From then on an answer says `connection: close`, unless it has begun.
 * I3  A connection ends when an answer is written that said so; one without a request, or a part of one, after `linger`. That begins again with the end of
 *     an answer whose head had gone out before: its client could not know, and may ask on it at once.
 */
/** Has a server, from before it listens, be closed by the function that it answers with, so that no request is lost. */
export function gracefulClose(
  server: Server,
  { clock = systemClock, linger = 250, patience = 3_000, leave }: GracefulCloseOptions = {},
): () => Promise<void> {
  const open = new Map<Socket, Use>()
  let closed: Promise<void> | undefined

  const endIdle = (socket: Socket, { answers, read }: Use): void => {
    if (answers.size === 0 && socket.bytesRead === read) socket.destroySoon()
  }
  const lingered = (then: () => void): (() => void) =>
    // What has come by now is read before anybody is called idle.
    clock.after(linger, () => void setImmediate(then))
  server.on('connection', (socket: Socket) => {
    const use: Use = { answers: new Set(), read: 0, patient: undefined }
    open.set(socket, use)
    socket.once('close', () => {
      use.patient?.()
      open.delete(socket)
    })
  })
  // Before whoever answers, who may do so at once.
  server.prependListener('request', ({ socket }, response) => {
    const use = open.get(socket)!
    use.answers.add(response)
    if (closed) isLast(response)
    response.once('close', () => {
      use.answers.delete(response)
      use.read = socket.bytesRead
      if (!closed || socket.destroyed) return
      use.patient?.()
      use.patient = lingered(() => {
        use.patient = undefined
        endIdle(socket, use)
      })
    })
  })
  const close = (): Promise<void> => {
    for (const { answers } of open.values()) for (const each of answers) isLast(each)
    const patient = lingered(() => {
      for (const [socket, use] of open) if (!use.patient) endIdle(socket, use)
    })
    let lost = clock.after(patience, () => {
      leave?.()
      lost = clock.after(leave ? lastWords : 0, () => server.closeAllConnections())
    })
    return new Promise((resolve) => {
      NetServer.prototype.close.call(server, () => {
        patient()
        lost()
        // Has it end its own timers.
        server.close()
        resolve()
      })
    })
  }
  return () => (closed ??= close())
}

interface Use {
  readonly answers: Set<ServerResponse>
  /** How many bytes had come when its last answer was written. */
  read: number
  /** Ends the wait for another request. */
  patient: (() => void) | undefined
}

function isLast(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close')
}
