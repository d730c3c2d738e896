import { classOfStatus, type FailureFacts, retryAfterMs, WireFailure } from '@holdfast/transport'
import { record, recordOf } from './json-value.ts'
import { redacted } from './redacted.ts'

/**
 * Who has to change for the call to work: the `link` (another may answer), the `size` of the request (a larger model may answer),
 * or the `request` itself (nobody will answer it; the provider's own words go to the caller).
 */
export type Blame = 'link' | 'size' | 'request'

/** What the provider answered, kept so that it can be handed to the caller as it came. */
export interface ProviderAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
}

/** A call to a model provider that failed, classified once. */
export class ProviderFailure extends WireFailure {
  readonly blame: Blame
  readonly answer: ProviderAnswer | undefined

  constructor(facts: FailureFacts & { readonly blame?: Blame; readonly answer?: ProviderAnswer }) {
    super(facts)
    this.blame = facts.blame ?? 'link'
    this.answer = facts.answer
  }
}

export interface ErrorResponse extends ProviderAnswer {
  readonly upstream: string
  readonly retryAfter: string | undefined
  /** The key that was sent, so that it is never repeated in a message. */
  readonly key: string | undefined
  readonly wallNow: number
}

/** What an answer of 400 and above means (OpenAI and Anthropic error references; the words that tell a 400's cause apart are theirs). */
export function failureOf(response: ErrorResponse): ProviderFailure {
  const { status, upstream } = response
  const { code, message } = saying(response)
  const blame = blameOf(status, code, message)
  const spent = code === 'insufficient_quota' || code === 'billing_hard_limit_reached'
  return new ProviderFailure({
    class: spent ? 'permanent' : classOfStatus(status),
    message: `${upstream} answered ${status}${message ? `: ${message}` : ''}`,
    status,
    retryAfter: retryAfterMs(response.retryAfter, response.wallNow),
    blame,
    ...(blame === 'link'
      ? {}
      : { answer: { status, contentType: response.contentType, body: response.body } }),
  })
}

/** What an error inside a stream, or inside an answer of 200, means; its `type` and `code` stand in for the status. */
export function failureInBody(
  error: Readonly<Record<string, unknown>>,
  upstream: string,
  key?: string,
): ProviderFailure {
  const words = `${text(error['type'])} ${text(error['code'])} ${text(error['message'])}`
  const status = typeof error['code'] === 'number' ? error['code'] : undefined
  const throttled = /rate.?limit|too many requests/i.test(words)
  const permanent = /invalid_request|authentication|permission|not_found|unexpected endpoint/i.test(words)
  return new ProviderFailure({
    class: throttled ? 'throttled' : permanent ? 'permanent' : status ? classOfStatus(status) : 'transient',
    message: `${upstream} answered with an error: ${redacted(text(error['message']) || text(error['type']) || 'no reason given', key)}`,
    status,
  })
}

function blameOf(status: number, code: string, message: string): Blame {
  if (status === 413) return 'size'
  if (status !== 400 && status !== 422) return 'link'
  if (
    /context_length|context.?window|maximum context|prompt is too long|too many tokens/i.test(
      `${code} ${message}`,
    )
  )
    return 'size'
  const aboutLink =
    /api.?key|credit balance|unknown model|model.{0,60}(not found|not exist|not supported|unknown)/i
  return aboutLink.test(`${code} ${message}`) ? 'link' : 'request'
}

function saying({ body, key }: ErrorResponse): { code: string; message: string } {
  const json = recordOf(body.toString('utf8'))
  const error = record(json?.['error']) ?? json
  const message = text(error?.['message']) || text(json?.['error']) || text(json?.['detail'])
  return {
    code: text(error?.['code']) || text(error?.['type']),
    message: redacted(message, key).slice(0, 300),
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
