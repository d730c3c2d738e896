import type { LanguageModelV4 } from '@ai-sdk/provider'
import { wholeAnswer } from '../../benchmarks/faults/answer.ts'
import type { Call, Manner } from '../../benchmarks/faults/caller.ts'

type Usage = Awaited<ReturnType<LanguageModelV4['doGenerate']>>['usage']

/** What an answer came to. */
interface Answer {
  text: string
  finish: string | undefined
  model: string | undefined
  usage: Usage | undefined
}

/** Asks a model once, as the AI SDK does. */
export async function askModel(model: LanguageModelV4, manner: Manner, within: number): Promise<Call> {
  const began = performance.now()
  const abortSignal = AbortSignal.timeout(within)
  const ended = (got: Call['got'], more: Partial<Call>): Call => ({
    got,
    status: 200,
    raw: '',
    model: undefined,
    usage: undefined,
    ms: performance.now() - began,
    ...more,
  })
  try {
    const answer = await (manner === 'streaming' ? streamed : whole)(model, abortSignal)
    const got = answer.text === wholeAnswer && answer.finish === 'stop' ? 'whole' : 'truncated'
    return ended(got, { raw: answer.text, model: answer.model, usage: asOpenai(answer.usage) })
  } catch (error) {
    if (abortSignal.aborted) return ended('hang', { raw: String(error) })
    const { message, statusCode = 200 } = error as Error & { statusCode?: number }
    return ended('error', { raw: message, status: statusCode })
  }
}

const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Say the sixty words.' }] }]

async function whole(model: LanguageModelV4, abortSignal: AbortSignal): Promise<Answer> {
  const { content, finishReason, response, usage } = await model.doGenerate({ prompt, abortSignal })
  const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('')
  return { text, finish: finishReason.unified, model: response?.modelId, usage }
}

async function streamed(model: LanguageModelV4, abortSignal: AbortSignal): Promise<Answer> {
  const answer: Answer = { text: '', finish: undefined, model: undefined, usage: undefined }
  for await (const part of (await model.doStream({ prompt, abortSignal })).stream) {
    if (part.type === 'text-delta') answer.text += part.delta
    else if (part.type === 'response-metadata') answer.model = part.modelId
    else if (part.type === 'error') throw part.error
    else if (part.type === 'finish') {
      answer.finish = part.finishReason.unified
      answer.usage = part.usage
    }
  }
  return answer
}

function asOpenai(usage: Usage | undefined): object | undefined {
  const { total: input } = usage?.inputTokens ?? {}
  const { total: output } = usage?.outputTokens ?? {}
  if (input === undefined || output === undefined) return undefined
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
}
