import { connect, type Socket } from 'node:net'
import { type Clock, systemClock } from '@holdfast/policy'
import { ControlError, receive, send } from './control-message.ts'

export interface ControlClientOptions {
  readonly clock?: Clock
  /** Hears what is broadcast, once `call('listen')` was answered. */
  readonly onEvent?: (event: unknown) => void
  /** Called once, when the connection is gone, whoever ended it. */
  readonly onClose?: () => void
}

export interface ControlClient extends Disposable {
  /**
   * Asks, and resolves with the answer, null when there is none to give.
   *
   * Rejects with a `ControlError`: the code that was answered, `TIMEOUT` after `timeout` ms (10 000), or `PEER_GONE`.
   */
  call(name: string, input?: unknown, options?: { readonly timeout?: number }): Promise<unknown>
  close(): void
}

/** Connects to a control socket; rejects with `NOT_RUNNING` when nobody serves it. */
export const connectControl = async (
  path: string,
  options: ControlClientOptions = {},
): Promise<ControlClient> => {
  const { clock = systemClock, onEvent, onClose } = options
  const socket = await connected(path)
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: ControlError): void }>()
  let lastId = 0

  socket
    .on('error', () => {})
    .once('close', () => {
      for (const { reject } of [...pending.values()])
        reject(
          new ControlError(
            'PEER_GONE',
            `${path} closed before it answered`,
            'See whether the governor still runs.',
          ),
        )
      onClose?.()
    })
  receive(
    socket,
    (message) => {
      if ('event' in message) return onEvent?.(message['event'])
      const asked = pending.get(message['id'] as number)
      const error = message['error'] as { code: string; message: string } | undefined
      if (error) asked?.reject(new ControlError(error.code, error.message, 'The governor refused the call.'))
      else asked?.resolve(message['ok'])
    },
    // Whoever speaks another protocol has nothing to say to us.
    () => socket.destroy(),
  )

  const call: ControlClient['call'] = (name, input, { timeout = 10_000 } = {}) =>
    new Promise((resolve, reject) => {
      if (!socket.writable)
        return reject(new ControlError('PEER_GONE', `${path} is closed`, 'Connect again.'))
      const id = ++lastId
      const settled = () => {
        cancel()
        pending.delete(id)
      }
      const cancel = clock.after(timeout, () =>
        asked.reject(
          new ControlError('TIMEOUT', `no answer to "${name}" within ${timeout} ms`, 'Allow more time.'),
        ),
      )
      const asked = {
        resolve: (value: unknown) => {
          settled()
          resolve(value)
        },
        reject: (error: ControlError) => {
          settled()
          reject(error)
        },
      }
      pending.set(id, asked)
      if (!send(socket, { id, call: name, with: input }))
        asked.reject(
          new ControlError('BAD_CALL', `the input of "${name}" cannot be sent as JSON`, 'Send plain data.'),
        )
    })
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
