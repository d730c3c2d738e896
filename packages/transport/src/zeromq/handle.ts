import { WireFailure } from '../failure.ts'
import type { StandardSchema } from './schema.ts'

/** What a handler is told of the request that it serves. */
export interface Handling {
  readonly method: string
  /** Aborts when whoever asked gives up or goes, and when a server that closes has no more time. */
  readonly signal: AbortSignal
}

/**
 * Does what a method is for: takes what was sent, answers with what is to be sent back.
 *
 * A `WireFailure` that it throws travels as it is, but as `transient` where it says that something was not done: that was elsewhere, and what the handler did
 * before may have been done. That nothing was done says a `TurnedAway` alone. A time-out of a policy travels as `timeout`, anything else as `transient`,
 * without its message unless it is a `HoldfastError`.
 */
export type Handler = (input: unknown, handling: Handling) => unknown

/** What a handler throws that has done nothing, and would be asked later: it travels as `throttled`, so that anything may be asked again. `retryAfter` in ms. */
export class TurnedAway extends WireFailure {
  constructor(message: string, retryAfter?: number) {
    super({ class: 'throttled', code: 'ZEROMQ_TURNED_AWAY', message, retryAfter })
  }
}

/** A handler that is given only what `schema` (zod's, valibot's, any Standard Schema) lets through; the rest is a `permanent` failure (`ZEROMQ_INPUT`) that names what is wrong with it. */
export function handle<Input>(
  schema: StandardSchema<Input>,
  handler: (input: Input, handling: Handling) => unknown,
): Handler {
  return async (input, handling) => {
    const result = await schema['~standard'].validate(input)
    if (result.issues === undefined) return handler(result.value, handling)
    const issues = result.issues.map(({ message, path = [] }) => {
      const place = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
      return place === '' ? message : `${place}: ${message}`
    })
    throw new WireFailure({
      class: 'permanent',
      code: 'ZEROMQ_INPUT',
      message: `${handling.method} was sent what it does not take: ${issues.join('; ')}`,
    })
  }
}
