import { randomUUID } from 'node:crypto'
import { asksForStructure, type ChatRequest, lastQuestion } from './chat-request.ts'
import type { OutHeaders } from './headers.ts'
import { record } from './json-value.ts'
import { passagePaths } from './passages/passage.ts'
import type { Reply } from './reply.ts'
import { sseData } from './sse.ts'

/** An answer for when no model can give one: `answer` may use what `match` captured, as `$1` or `$<name>`. */
export interface Rule {
  readonly match: RegExp
  readonly answer: string
}

/** Only the beginning of a question is held against the rules, so that a pattern which backtracks cannot hold up the process for long. */
const longest = 2_000

/** What the rules say to a request: an answer, or why they have none. The first rule that matches the last question of the user answers. */
export function ruleAnswer(
  rules: readonly Rule[],
  request: ChatRequest,
): { readonly text: string } | { readonly why: string } {
  if (request.passage) return { why: `rules cannot answer POST ${passagePaths[request.passage]}` }
  const structure = asksForStructure(request)
  if (structure)
    return {
      why: `rules cannot answer a request with ${structure === 'tools' ? 'tools' : 'a response format'}`,
    }
  const question = lastQuestion(request).slice(0, longest).trim()
  for (const rule of rules) {
    rule.match.lastIndex = 0 // a pattern with `g` or `y` remembers its last match
    const match = rule.match.exec(question)
    if (match) return { text: filledIn(rule.answer, match) }
  }
  return { why: 'no rule matches the question' }
}

function filledIn(answer: string, match: RegExpExecArray): string {
  return answer.replace(
    /\$(?:(\$)|(\d{1,2})|<([^>]+)>)/g,
    (whole, dollar: string, index: string, name: string) => {
      if (dollar) return '$'
      const captured = index === undefined ? match.groups?.[name] : match[Number(index)]
      return captured ?? (index === undefined || Number(index) >= match.length ? whole : '')
    },
  )
}

export const rulesModel = 'rules'

/** Gives a rule's text as the completion that was asked for, whole or as a stream, marked as coming from no model. */
export function sendRuleAnswer(text: string, request: ChatRequest, reply: Reply, marks: OutHeaders): void {
  const headers = { ...marks, 'x-holdfast-degraded': rulesModel }
  const base = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1_000), model: rulesModel }
  if (!request.stream) {
    const choices = [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ]
    const body = { ...base, object: 'chat.completion', choices, usage: noUsage }
    reply.send(200, { 'content-type': 'application/json', ...headers }, Buffer.from(JSON.stringify(body)))
    return
  }
  const chunk = (delta: object, finish: string | null): Buffer =>
    sseData({
      ...base,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    })
  if (!reply.begun)
    reply.begin(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      ...headers,
    })
  reply.write(chunk({ role: 'assistant', content: '' }, null))
  reply.write(chunk({ content: text }, null))
  reply.write(chunk({}, 'stop'))
  if (record(request.body['stream_options'])?.['include_usage'] === true) {
    reply.write(sseData({ ...base, object: 'chat.completion.chunk', choices: [], usage: noUsage }))
  }
  reply.end(sseData('[DONE]'))
}

const noUsage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
