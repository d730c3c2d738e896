import type { Call } from '@holdfast/policy'
import { activeSpan, traced } from '@holdfast/telemetry/traces'
import { AnswerNotes, type Noted } from './answer-notes.ts'
import { type ExchangeOptions, exchange } from './exchange.ts'
import { genAi, operationOf } from './gen-ai.ts'

export type ModelCallOptions = Omit<ExchangeOptions, 'notes'> & Noted

/** An exchange whose answer is noted: in the counts, and on a span of its own, if spans are made. */
export const modelCall = traced(
  'chat',
  (options: ModelCallOptions, call: Call): Promise<void> => {
    const span = activeSpan()
    span?.updateName(`${operationOf(options.request.passage)} ${modelOf(options)}`)
    return exchange({ ...options, notes: new AnswerNotes(options, span) }, call)
  },
  {
    kind: 'client',
    attributes: (options, call) => ({
      [genAi.operation]: operationOf(options.request.passage),
      [genAi.provider]: options.upstream.provider,
      [genAi.requestModel]: modelOf(options),
      'server.address': options.upstream.host,
      'holdfast.upstream': options.upstream.name,
      'holdfast.attempt': call.attempt,
    }),
  },
)

/** What is asked for: a link's own model, or what the client named. */
function modelOf({ model, request }: ModelCallOptions): string {
  return (model ?? request.model).slice(0, 200)
}
