import { connect, type Socket } from 'node:net'
import { type Clock, systemClock } from '@holdfast/policy'
import { answering } from './answering.ts'
import { type Asking, asking } from './asking.ts'
import { ControlError, receive } from './control-message.ts'

export interface ControlClientOptions {
  readonly clock?: Clock
  /** Hears what is broadcast, once `call('listen')` was answered. */
  readonly onEvent?: (event: unknown) => void
  /** What the other end may ask in its turn, by name; nothing by default. */
  readonly calls?: Readonly<Record<string, (input: unknown) => unknown>>
  /** Called once, when the connection is gone, whoever ended it. */
  readonly onClose?: () => void
}

export interface ControlClient extends Asking, Disposable {
  close(): void
}

/** Connects to a control socket; rejects with `NOT_RUNNING` when nobody serves it. */
export const connectControl = async (
  path: string,
  options: ControlClientOptions = {},
): Promise<ControlClient> => {
  const { clock = systemClock, onEvent, calls = {}, onClose } = options
  const socket = await connected(path)
  const { call, answered, gone } = asking({ socket, clock, peer: path })
  const { answer } = answering(socket, calls)
  socket
    .on('error', () => {})
    .once('close', () => {
      gone()
      onClose?.()
    })
  receive(
    socket,
    (message) => {
      if ('event' in message) onEvent?.(message['event'])
      else if ('call' in message) void answer(message, undefined)
      else answered(message)
    },
    // Whoever speaks another protocol has nothing to say to us.
    () => socket.destroy(),
  )
  const close = () => void socket.destroy()
  return { call, close, [Symbol.dispose]: close }
}

const connected = (path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      socket.off('error', refused)
      resolve(socket)
    })
    const refused = (error: NodeJS.ErrnoException) =>
      reject(
        new ControlError(
          'NOT_RUNNING',
          `nobody answers on ${path} (${error.code})`,
          'Start the governor first.',
          { cause: error },
        ),
      )
    socket.once('error', refused)
  })
