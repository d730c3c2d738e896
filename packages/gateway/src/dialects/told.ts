import type { ChatRequest } from '../chat-request.ts'
import { type Passage, passagePaths } from '../passages/passage.ts'
import { type ProviderAnswer, ProviderFailure } from '../provider-failure.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import { type Inability, inability } from '../providers/inability.ts'
import { anthropicRequest } from './anthropic-request.ts'
import type { Dialect } from './dialect.ts'
import { ForeignThread } from './foreign-thread.ts'
import { openaiRequest } from './openai-request.ts'
import { withoutUnsignedThinking } from './reasoning.ts'
import { anthropicTaste, openaiTaste } from './tastes.ts'
import { Untranslatable } from './untranslatable.ts'
import type { WireObject } from './wire-value.ts'

/** Whom a request is for, and what is spoken there. */
export interface Addressee {
  readonly upstream: string
  readonly host: string
  readonly model: string
  readonly able: Capabilities
  readonly dialect: Dialect
  readonly passes: ReadonlySet<Passage>
}

/**
 * The request as an upstream is told it: as it came where that speaks the client's dialect, or else translated.
 * A request that has no words there, or asks for what the model is known not to do, is a `ProviderFailure` of blame `wire`: another link may answer it.
 */
export function told(request: ChatRequest, to: Addressee): ChatRequest | ProviderFailure {
  const { body, dialect, passage } = request
  if (passage) return to.passes.has(passage) ? request : noPassage(passage, to)
  const lacking = inability(request, to.able)
  if (lacking) return unable(lacking, to)
  try {
    if (dialect !== to.dialect)
      return said(
        request,
        to.dialect === 'anthropic'
          ? anthropicRequest(body, anthropicTaste(to.model))
          : openaiRequest(body, openaiTaste(to.host)),
      )
    if (dialect === 'openai' || !/"signature"\s*:\s*""/.test(request.json)) return request
    const signed = withoutUnsignedThinking(body)
    return signed === body ? request : said(request, signed)
  } catch (error) {
    if (error instanceof Untranslatable) return unheard(error, to)
    if (error instanceof ForeignThread) return kept(error, to)
    // The stack has an end, and JSON may have none.
    if (error instanceof RangeError)
      return unheard(new Untranslatable('body', 'is nested too deeply: send less deeply nested JSON.'), to)
    throw error
  }
}

function said(request: ChatRequest, body: WireObject): ChatRequest {
  return { ...request, body, json: JSON.stringify(body) }
}

function noPassage(passage: Passage, to: Addressee): ProviderFailure {
  const door = `POST ${passagePaths[passage]}`
  const lacks = new Untranslatable(
    'model',
    `names a chain in which nobody answers ${door}: name one with an upstream that does.`,
  )
  return unheard(lacks, to)
}

function unheard({ message, field }: Untranslatable, { upstream }: Addressee): ProviderFailure {
  return new ProviderFailure({
    class: 'permanent',
    message: `${upstream} speaks another dialect: ${message}`,
    code: 'UNTRANSLATABLE',
    blame: 'wire',
    answer: answer(field, message, 'untranslatable'),
  })
}

function kept({ message, details }: ForeignThread, { upstream }: Addressee): ProviderFailure {
  const error = { message, type: 'invalid_request_error', code: details.error_code, param: 'thread', details }
  return new ProviderFailure({
    class: 'permanent',
    message: `${upstream} keeps no conversations: ${message}`,
    code: 'UNTRANSLATABLE',
    blame: 'wire',
    answer: { status: 400, body: Buffer.from(JSON.stringify({ error })) },
  })
}

function unable({ field, lacks, why }: Inability, { upstream, model }: Addressee): ProviderFailure {
  const cure = `leave it out, or name a chain with a model that does; if this one does, say \`${lacks}: true\` of the upstream '${upstream}'.`
  return new ProviderFailure({
    class: 'permanent',
    message: `${model} ${why}`,
    code: 'UNABLE',
    blame: 'wire',
    answer: answer(field, `\`${field}\`: as far as is known, ${model} ${why}: ${cure}`, 'unsupported'),
  })
}

/** What the client is told if no other link can answer. */
function answer(param: string, message: string, code: string): ProviderAnswer {
  const error = { message, type: 'invalid_request_error', code, param }
  return { status: 400, body: Buffer.from(JSON.stringify({ error })) }
}
