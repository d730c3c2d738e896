import { Socket } from 'node:net'
import type { Address } from './address.ts'

/** Who does the statement, as the server named itself when the connection was made. */
export interface Backend {
  readonly processId: number
  readonly secret: number
}

/** 1234 in the upper 16 bits, 5678 in the lower. */
const cancelCode = 80_877_102

/**
 * Asks the server to cancel what a backend is doing: a `CancelRequest` on a connection of its own (PostgreSQL 18, §54.2.8).
 *
 * Resolves when the server has closed that connection, which it does when the signal is on its way: only then does the next statement of the backend
 * not risk being cancelled in place of this one. Rejects if it cannot be asked; it waits until it is told to give up.
 */
export function cancelRequest(address: Address, { processId, secret }: Backend): CancelRequest {
  const socket = new Socket()
  const done = new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', () => resolve())
    socket.once('connect', () => {
      const message = Buffer.alloc(16)
      message.writeInt32BE(16, 0)
      message.writeInt32BE(cancelCode, 4)
      message.writeInt32BE(processId, 8)
      message.writeInt32BE(secret, 12)
      socket.write(message)
      socket.resume()
    })
  })
  if (address.path === undefined) socket.connect(address.port, address.host)
  else socket.connect(address.path)
  return { done, giveUp: () => void socket.destroy() }
}

export interface CancelRequest {
  readonly done: Promise<void>
  giveUp(): void
}
