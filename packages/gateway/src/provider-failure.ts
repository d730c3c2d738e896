import { isUtf8 } from 'node:buffer'
import { classOfStatus, type FailureFacts, retryAfterMs, WireFailure } from '@holdfast/transport'
import { record, recordOf } from './json-value.ts'
import { redacted } from './redacted.ts'

/**
 * Who has to change for the call to work: the `link` (another may answer), its `model` alone (others of that upstream are well), the `size` of
 * the request (a larger model may answer), the `wire` (one that speaks the client's dialect, or keeps the conversation, may), or the `request` itself (nobody will answer it; the provider's own words go to the caller).
 */
export type Blame = 'link' | 'model' | 'size' | 'wire' | 'request'

/** What the caller is told where the request is at fault: the provider's own JSON, or what it said in another form as an error of the OpenAI wire. */
export interface ProviderAnswer {
  readonly status: number
  readonly body: Buffer
}

/** A call to a model provider that failed, classified once. */
export class ProviderFailure extends WireFailure {
  readonly blame: Blame
  readonly answer: ProviderAnswer | undefined

  constructor(facts: FailureFacts & { readonly blame?: Blame; readonly answer?: ProviderAnswer }) {
    // Two completions are as good as one; but whoever kept us waiting is not asked at once again.
    super({ ...facts, idempotent: facts.class !== 'timeout' })
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
  const json = recordOf(response.body.toString('utf8'))
  const { code, message } = saying(json, response)
  const threaded = ofThread(json)
  const blame = threaded ? 'wire' : blameOf(status, code, message)
  const retryAfter = retryAfterMs(response.retryAfter, response.wallNow)
  const reworded = (): Buffer => {
    const said = message || 'no reason given'
    return Buffer.from(
      JSON.stringify({ error: { message: said, type: 'invalid_request_error', code: null, param: null } }),
    )
  }
  const spent = code === 'insufficient_quota' || code === 'billing_hard_limit_reached'
  return new ProviderFailure({
    class: spent || threaded ? 'permanent' : classOfStatus(status),
    message: `${upstream} answered ${status}${message ? `: ${message}` : ''}`,
    status,
    retryAfter: retryAfter === undefined ? undefined : Math.min(retryAfter, longestWait),
    blame,
    ...(blame === 'link' || blame === 'model'
      ? {}
      : { answer: { status, body: json ? asItCame(response) : reworded() } }),
  })
}

/** A provider that asks for more, in ms, is asked again all the same: nobody can want a breaker to stay open for a year. */
const longestWait = 3_600_000

/** What an error inside a stream, or inside an answer of 200, means; its `type` and `code` stand in for the status. */
export function failureInBody(
  error: Readonly<Record<string, unknown>>,
  upstream: string,
  key?: string,
): ProviderFailure {
  const words = `${text(error['type'])} ${text(error['code'])} ${text(error['message'])}`
  const { code } = error
  const status = typeof code === 'number' && code >= 400 && code < 600 ? code : undefined
  const throttled = /rate.?limit|too many requests/i.test(words)
  const permanent = /invalid_request|authentication|permission|not_found|unexpected endpoint/i.test(words)
  return new ProviderFailure({
    class: throttled ? 'throttled' : permanent ? 'permanent' : status ? classOfStatus(status) : 'transient',
    message: `${upstream} answered with an error: ${redacted(text(error['message']) || text(error['type']) || 'no reason given', key)}`,
    status,
  })
}

/** It does not have, or does not take up, the conversation that a client of Anthropic's goes on with. Another link may; else the client sends all of it. */
function ofThread(json: Readonly<Record<string, unknown>> | undefined): boolean {
  return text(record(record(json?.['error'])?.['details'])?.['error_code']).startsWith('thread_')
}

function blameOf(status: number, code: string, message: string): Blame {
  if (status === 413) return 'size'
  if (status === 404) return 'model'
  if (status !== 400 && status !== 422) return 'link'
  const words = `${code} ${message}`
  if (/context_length|context.?window|maximum context|prompt is too long|too many tokens/i.test(words))
    return 'size'
  if (/api.?key|credit balance/i.test(words)) return 'link'
  return /unknown model|model.{0,60}(not found|not exist|not supported|unknown)/i.test(words)
    ? 'model'
    : 'request'
}

/** The provider's bytes, but for its key: that is the one thing the caller must not learn. */
function asItCame({ body, key }: ErrorResponse): Buffer {
  return key && body.includes(key) ? Buffer.from(body.toString('utf8').replaceAll(key, '[key]')) : body
}

function saying(
  json: Readonly<Record<string, unknown>> | undefined,
  { body, key }: ErrorResponse,
): { code: string; message: string } {
  const error = record(json?.['error']) ?? json
  const message = json
    ? text(error?.['message']) || text(json['error']) || text(json['detail'])
    : plainText(body)
  return {
    code: text(error?.['code']) || text(error?.['type']),
    message: redacted(message, key).slice(0, 300),
  }
}

/** What a body says that is no JSON: its text without tags, where it is text at all. */
function plainText(body: Buffer): string {
  return isUtf8(body)
    ? body
        .toString('utf8')
        .replace(/<[^>]*>|\s+/g, ' ')
        .trim()
    : ''
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
