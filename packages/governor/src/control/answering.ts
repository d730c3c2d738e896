import type { Socket } from 'node:net'
import { send } from './control-message.ts'

/** Answers calls that come over a socket, `calls` by their names; what one throws becomes the error of the answer, with its `code` if it has one. */
export const answering = <Peer>(
  socket: Socket,
  calls: Readonly<Record<string, (input: unknown, peer: Peer) => unknown>>,
) => {
  const refuse = (id: unknown, code: string, message: string) =>
    void send(socket, { id, error: { code, message } })

  const answer = async (message: Readonly<Record<string, unknown>>, peer: Peer): Promise<void> => {
    const { id, call, with: input } = message
    const named = typeof id === 'number' || typeof id === 'string'
    if (!named || typeof call !== 'string')
      return refuse(named ? id : null, 'BAD_CALL', 'a call is { "id": …, "call": "name", "with": … }')
    try {
      const ok = await find(calls, call)(input, peer)
      if (!send(socket, { id, ok: ok ?? null }))
        refuse(id, 'BAD_ANSWER', `the answer of "${call}" cannot be sent: it is no JSON, or too long`)
    } catch (error) {
      const { code, message: why } = error as { code?: unknown; message?: unknown }
      refuse(
        id,
        typeof code === 'string' ? code : 'CALL_FAILED',
        typeof why === 'string' ? why : String(error),
      )
    }
  }
  return { answer, refuse }
}

const find = <Call>(calls: Readonly<Record<string, Call>>, name: string): Call => {
  const call = Object.hasOwn(calls, name) ? calls[name] : undefined
  if (call) return call
  const names = Object.keys(calls).join(', ')
  throw Object.assign(new Error(`there is no call "${name}"; use one of: ${names}`), { code: 'UNKNOWN_CALL' })
}
