import type { Socket } from 'node:net'
import { HoldfastError } from '@holdfast/policy'
import { lines } from '../output/lines.ts'

/*
 * The protocol by which parts talk to the governor: one JSON object a line, over a local socket.
 *
 *   { id, call, with }  asks;  { id, ok }  or  { id, error: { code, message } }  answers;  { event }  is pushed
 *
 * Either side may ask. Who only answers, and is asked by the governor, is a process that announced itself; the edge does both.
 */

/** Bytes, roughly, that one message may have, and that a peer may leave unread. */
export const messageLimit = 1024 * 1024
export const unreadLimit = 8 * messageLimit

/** What the other side answered with instead of a value, or why there is no answer. `code` is the other side's. */
export class ControlError extends HoldfastError {}

/** Sends one message; false when it cannot be JSON, or is longer than anybody would read. A peer that does not read is cut off. */
export const send = (socket: Socket, message: object): boolean => {
  let text: string
  try {
    text = JSON.stringify(message)
  } catch {
    return false
  }
  if (text.length >= messageLimit) return false
  if (!socket.writable) return true
  socket.write(`${text}\n`)
  if (socket.writableLength > unreadLimit) socket.destroy()
  return true
}

/** Hands over each object that arrives; `wrong` hears of what is none, and of a line that is too long, the last one. */
export const receive = (
  socket: Socket,
  message: (value: Readonly<Record<string, unknown>>) => void,
  wrong: (code: 'BAD_JSON' | 'TOO_LONG', sentence: string) => void,
): void => {
  const reader = lines({
    limit: messageLimit,
    overflow: () => wrong('TOO_LONG', `a message is longer than ${messageLimit} characters`),
    line: (text) => {
      const value = parse(text)
      if (value) message(value)
      else wrong('BAD_JSON', 'a message is not a JSON object on one line')
    },
  })
  socket.on('data', reader.write)
}

const parse = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
