import { generateText, type LanguageModel, type LanguageModelUsage, streamText } from 'ai'
import { wholeAnswer } from '../../benchmarks/faults/answer.ts'
import type { Call, Manner } from '../../benchmarks/faults/caller.ts'

const prompt = 'Say the sixty words.'

/** Asks a model once, as a program with the AI SDK does, retries of the SDK's own included. */
export async function askModel(model: LanguageModel, manner: Manner, within: number): Promise<Call> {
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
    const { text, finish, response, usage } = await (manner === 'streaming' ? streamed : whole)(
      model,
      abortSignal,
    )
    const got = text === wholeAnswer && finish === 'stop' ? 'whole' : 'truncated'
    return ended(got, { raw: text, model: response.modelId, usage: asOpenai(usage) })
  } catch (error) {
    if (abortSignal.aborted) return ended('hang', { raw: String(error) })
    const { message, statusCode = 200 } = error as Error & { statusCode?: number }
    return ended('error', { raw: message, status: statusCode })
  }
}

async function whole(model: LanguageModel, abortSignal: AbortSignal) {
  const { text, finishReason, response, usage } = await generateText({
    model,
    prompt,
    abortSignal,
    maxOutputTokens: 100,
  })
  return { text, finish: finishReason, response, usage }
}

async function streamed(model: LanguageModel, abortSignal: AbortSignal) {
  const failed: { error?: unknown } = {}
  const answer = streamText({
    model,
    maxOutputTokens: 100,
    prompt,
    abortSignal,
    onError({ error }) {
      failed.error ??= error
    },
  })
  let text = ''
  try {
    for await (const part of answer.textStream) text += part
    const [finish, response, usage] = await Promise.all([answer.finishReason, answer.response, answer.usage])
    return { text, finish, response, usage }
  } catch (error) {
    throw failed.error ?? error
  }
}

function asOpenai({ inputTokens = 0, outputTokens = 0 }: LanguageModelUsage): object {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  }
}
