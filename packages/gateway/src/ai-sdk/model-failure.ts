import { classOfError } from '@holdfast/transport'
import { record } from '../json-value.ts'
import { failureInBody, failureOf, ProviderFailure } from '../provider-failure.ts'
import { redacted } from '../redacted.ts'
import { retryAfterOf } from '../retry-after.ts'

/**
 * What it means that a model of the AI SDK threw, or told in its stream, an error: the same as if its provider had said it to the gateway. The error
 * itself is the `cause`.
 */
export function modelFailure(error: unknown, link: string): ProviderFailure {
  if (error instanceof ProviderFailure) return error
  const failure = classified(error, link)
  failure.cause = error
  return failure
}

function classified(error: unknown, link: string): ProviderFailure {
  const facts = record(error)
  const status = facts?.['statusCode']
  if (facts && typeof status === 'number' && status >= 400)
    return failureOf({
      status,
      upstream: link,
      body: Buffer.from(bodyOf(facts)),
      retryAfter: retryAfterOf(record(facts['responseHeaders'])),
      key: undefined,
      wallNow: Date.now(),
    })
  if (!(error instanceof Error)) return failureInBody(facts ?? { message: String(error) }, link)
  const name = aiErrorName(error)
  const message = `${link}: ${redacted(error.message || error.name)}`
  if (name !== undefined && unsupported.has(name))
    return new ProviderFailure({ class: 'permanent', message, blame: 'wire' })
  if (name !== undefined && misplaced.has(name)) return new ProviderFailure({ class: 'permanent', message })
  if (name !== undefined && garbled.has(name))
    return new ProviderFailure({
      class: 'transient',
      message: `${link} sent something that is no answer`,
      code: 'CUT',
    })
  return new ProviderFailure({ class: classOfError(error), message })
}

/** What this model has no words for; another may. */
const unsupported: ReadonlySet<string> = new Set([
  'AI_UnsupportedFunctionalityError',
  'AI_InvalidArgumentError',
  'AI_InvalidPromptError',
  'AI_NoSuchProviderReferenceError',
])
/** The model cannot be called as it was set up. */
const misplaced: ReadonlySet<string> = new Set([
  'AI_LoadAPIKeyError',
  'AI_LoadSettingError',
  'AI_NoSuchModelError',
])
const garbled: ReadonlySet<string> = new Set([
  'AI_JSONParseError',
  'AI_TypeValidationError',
  'AI_InvalidResponseDataError',
  'AI_EmptyResponseBodyError',
  'AI_NoContentGeneratedError',
])

/** The name of an error of the AI SDK, or of the one that caused it: a body that cannot be read is told as a call that failed. */
function aiErrorName(error: Error): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++)
    if (/^AI_/.test(at.name) && at.name !== 'AI_APICallError') return at.name
  return undefined
}

function bodyOf({ responseBody, data, message }: Readonly<Record<string, unknown>>): string {
  if (typeof responseBody === 'string' && responseBody !== '') return responseBody
  return JSON.stringify(record(data) ?? { error: { message } })
}
