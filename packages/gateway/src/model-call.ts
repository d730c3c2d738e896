import { activeSpan, traced } from '@holdfast/telemetry/traces'
import { AnswerNotes } from './answer-notes.ts'
import { type ExchangeOptions, exchange } from './exchange.ts'
import { genAi } from './gen-ai.ts'

/** An exchange with a span of its own, if spans are made; its answer is noted there. */
export const modelCall: typeof exchange = traced(
  'chat',
  (options, call) => {
    const span = activeSpan()
    if (span === undefined) return exchange(options, call)
    span.updateName(`chat ${modelOf(options)}`)
    return exchange({ ...options, notes: new AnswerNotes(span, options.clock) }, call)
  },
  {
    kind: 'client',
    attributes: (options, call) => ({
      [genAi.operation]: 'chat',
      [genAi.provider]: options.upstream.provider,
      [genAi.requestModel]: modelOf(options),
      'server.address': options.upstream.host,
      'holdfast.upstream': options.upstream.name,
      'holdfast.attempt': call.attempt,
    }),
  },
)

/** What is asked for: a link's own model, or what the client named. */
function modelOf({ model, request }: ExchangeOptions): string {
  return (model ?? request.model).slice(0, 200)
}
