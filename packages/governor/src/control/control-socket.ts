import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { type Clock, systemClock } from '@holdfast/policy'
import { GovernorError } from '../governor-error.ts'
import { answering } from './answering.ts'
import { type Asking, asking } from './asking.ts'
import { receive, send } from './control-message.ts'

/** Whoever is at the other end of one connection; it may be asked in its turn, if it answers calls. */
export interface ControlPeer extends Asking {
  /** Aborted when the peer has gone. */
  readonly signal: AbortSignal
}

/** Answers one call; what it throws becomes the error of the answer, with its `code` if it has one. */
export type ControlCall = (input: unknown, peer: ControlPeer) => unknown

export interface ControlOptions {
  readonly path: string
  /** By name. `listen` is taken: a peer that calls it is sent all that is broadcast. */
  readonly calls: Readonly<Record<string, ControlCall>>
  readonly clock?: Clock
}

export interface ControlSocket extends AsyncDisposable {
  /** Sends an event to every peer that listens; one that does not read is cut off. */
  broadcast(event: unknown): void
  /** Cuts all peers off and removes the socket. */
  close(): Promise<void>
}

/**
 * Serves calls on a local socket that only this user may open (mode 0600).
 *
 * A socket file that nobody answers on is replaced; rejects with `ALREADY_RUNNING` when somebody does. Whatever a peer
 * sends is answered or ends its connection, and never more than that.
 */
export const serveControl = async ({
  path,
  calls,
  clock = systemClock,
}: ControlOptions): Promise<ControlSocket> => {
  const peers = new Set<Socket>()
  const listening = new Set<Socket>()
  const server = createServer((socket) => {
    const gone = new AbortController()
    const ask = asking({ socket, clock, peer: 'the other process' })
    const peer: ControlPeer = { signal: gone.signal, call: ask.call }
    peers.add(socket)
    socket
      .on('error', () => {})
      .once('close', () => {
        peers.delete(socket)
        listening.delete(socket)
        ask.gone()
        gone.abort()
      })
    const own = { ...calls, listen: () => void listening.add(socket) }
    const { answer, refuse } = answering(socket, own)
    receive(
      socket,
      (message) => {
        if (!('call' in message) && ('ok' in message || 'error' in message)) return ask.answered(message)
        void answer(message, peer)
      },
      (code, sentence) => {
        refuse(null, code, sentence)
        if (code === 'TOO_LONG') socket.destroySoon()
      },
    )
  })

  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  await bind(server, path)
  chmodSync(path, 0o600)
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const peer of peers) peer.destroy()
    })
  return {
    broadcast: (event) => {
      for (const peer of listening) send(peer, { event })
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Binds the path, in place of a socket that a dead process left there. */
const bind = async (server: Server, path: string): Promise<void> => {
  try {
    await listen(server, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    if (await answers(path))
      throw new GovernorError(
        'ALREADY_RUNNING',
        `a governor already answers on ${path}`,
        'stop it, or use it',
      )
    // Only ever a socket: a file that somebody put there is not ours to remove.
    if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) throw error
    rmSync(path, { force: true })
    await listen(server, path)
  }
}

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    const settle = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    // A full backlog (EAGAIN) is somebody too; only a refusal is nobody.
    socket
      .once('connect', () => settle(true))
      .once('error', (error: NodeJS.ErrnoException) =>
        settle(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
      )
  })
