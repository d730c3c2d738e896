import type { Socket } from 'node:net'
import type { Clock } from '@holdfast/policy'
import { ControlError, send } from './control-message.ts'

/** One end of a connection, as the one who asks. */
export interface Asking {
  /**
   * Asks the other end, and resolves with its answer, null when there is none to give.
   *
   * Rejects with a `ControlError`: the code that was answered, `TIMEOUT` after `timeout` ms (10 000), or `PEER_GONE`.
   */
  call(name: string, input?: unknown, options?: { readonly timeout?: number }): Promise<unknown>
}

export interface AskingOptions {
  readonly socket: Socket
  readonly clock: Clock
  /** What to call the other end in errors. */
  readonly peer: string
}

interface Pending {
  resolve(value: unknown): void
  reject(error: ControlError): void
}

/** Asks over a socket; `answered` takes what the other end sent in answer, `gone` is to be called when there is no other end any more. */
export const asking = ({ socket, clock, peer }: AskingOptions) => {
  const pending = new Map<unknown, Pending>()
  let lastId = 0

  const call: Asking['call'] = (name, input, { timeout = 10_000 } = {}) =>
    new Promise((resolve, reject) => {
      if (!socket.writable)
        return reject(new ControlError('PEER_GONE', `${peer} is closed`, 'Connect again.'))
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
      const asked: Pending = {
        resolve: (value) => {
          settled()
          resolve(value)
        },
        reject: (error) => {
          settled()
          reject(error)
        },
      }
      pending.set(id, asked)
      if (!send(socket, { id, call: name, with: input }))
        asked.reject(
          new ControlError(
            'BAD_CALL',
            `the input of "${name}" cannot be sent: it is no JSON, or too long`,
            'Send plain data.',
          ),
        )
    })

  const answered = (message: Readonly<Record<string, unknown>>) => {
    const asked = pending.get(message['id'])
    const error = message['error'] as { code: string; message: string } | undefined
    if (error) asked?.reject(new ControlError(error.code, error.message, 'The other side refused the call.'))
    else asked?.resolve(message['ok'])
  }

  const gone = () => {
    for (const { reject } of [...pending.values()])
      reject(
        new ControlError(
          'PEER_GONE',
          `${peer} closed before it answered`,
          'See whether the governor still runs.',
        ),
      )
  }
  return { call, answered, gone }
}
