import type { StatusObject, UntypedServiceImplementation } from '@grpc/grpc-js'
import { statusOf } from './status-of.ts'

type Answer = (error: Partial<StatusObject> | null, ...rest: unknown[]) => void
type Handler = (call: { emit(event: 'error', status: StatusObject): unknown }, answer?: Answer) => unknown

/**
 * The same handlers, whatever they do: what one throws, or rejects with, is answered as `statusOf` says, and a second answer is dropped.
 *
 * By itself grpc-js sends the text of what was thrown, never answers what rejects, which ends the process, and neither what is answered twice.
 */
export function guardedHandlers(handlers: UntypedServiceImplementation): UntypedServiceImplementation {
  const guarded = Object.entries(handlers).map(([name, handler]) => [
    name,
    typeof handler === 'function' ? guard(handler as Handler, handlers) : handler,
  ])
  return Object.fromEntries(guarded) as UntypedServiceImplementation
}

function guard(handler: Handler, owner: unknown): Handler {
  return (call, given) => {
    let answered = false
    const answer: Answer | undefined =
      given &&
      ((...answers) => {
        if (answered) return
        answered = true
        given(...answers)
      })
    const fail = (error: unknown): void => {
      if (answer === undefined) call.emit('error', statusOf(error))
      else answer(statusOf(error))
    }
    try {
      const handled = handler.call(owner, call, answer)
      if (handled instanceof Promise) handled.catch(fail)
    } catch (error) {
      fail(error)
    }
  }
}
