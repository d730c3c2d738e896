import type { Server } from 'node:http'
import type { Socket } from 'node:net'

export interface FairShareOptions {
  /** How many connections each of the other processes has; another array whenever that is known anew. */
  readonly others: () => readonly number[]
  /** Lets other processes have a go. */
  readonly yield?: () => void
}

/** What a process has of the connections to a socket that it shares with others. */
export interface FairShare {
  /** How many there are now. */
  connections(): number
}

/*
 * Whoever asks the kernel first is given the next connection, and who is awake asks again before the others have woken: of a crowd that comes at once
 * one process would get nearly all, and connections that are kept alive stay where they are.
 *
 * I1  Nobody is refused, and nothing broken off: a connection that is one too many ends after an answer, which says `connection: close`.
 * I2  As long as this process has about as many as the others have in the mean, it neither waits nor ends any.
 * I3  No more are ended than are too many, as far as is known, each time that it is known anew.
 */
/** Has a server, from before it listens, take no more than its share of the connections. */
export function fairShare(server: Server, { others, yield: giveWay = nap }: FairShareOptions): FairShare {
  const ending = new WeakSet<Socket>()
  let open = 0
  let known = others()
  let tooMany = 0

  const excess = (): number => {
    if (known.length === 0) return 0
    const mean = (open + known.reduce((sum, each) => sum + each, 0)) / (known.length + 1)
    return open > mean * tolerated + few ? Math.floor(open - mean) : 0
  }
  const look = (): void => {
    const now = others()
    if (now === known) return
    known = now
    tooMany = excess()
  }
  server.on('connection', (socket: Socket) => {
    open++
    socket.once('close', () => open--)
    look()
    if (excess() > 0) giveWay()
  })
  // Before whoever answers, who may do so at once.
  server.prependListener('request', ({ socket }, response) => {
    look()
    if (tooMany <= 0 || ending.has(socket)) return
    tooMany--
    ending.add(socket)
    response.setHeader('connection', 'close')
  })
  return { connections: () => open }
}

/** How many more than the mean a process may have: a part of it, and a few. */
const tolerated = 1.25
const few = 4

/** Long enough for another process to wake up and ask the kernel, in ms; short of what a stream would show. */
const moment = 0.5
const still = new Int32Array(new SharedArrayBuffer(4))

function nap(): void {
  Atomics.wait(still, 0, 0, moment)
}
