import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider'

type Part = LanguageModelV4StreamPart

/** What a model of the AI SDK does with one call; by default its stream ends after the parts. */
export type ModelTurn =
  | { readonly does: 'say'; readonly parts: readonly Part[]; readonly ending?: 'end' | 'hang' | Error }
  | { readonly does: 'throw'; readonly error: unknown }
  | { readonly does: 'hang' }

/** A call that was made. */
export interface ModelCalled {
  readonly options: LanguageModelV4CallOptions
  /** Parts that were taken of its stream so far. */
  taken: number
  /** Whether its stream was cancelled. */
  cancelled: boolean
}

/** A model that does as it is told, and heeds no signal, as some do not. */
export interface FakeModel extends LanguageModelV4 {
  readonly calls: readonly ModelCalled[]
  /** What it does with the next calls, before what it does always. */
  next(...turns: ModelTurn[]): void
  always(turn: ModelTurn): void
}

export function fakeModel(modelId: string): FakeModel {
  const calls: ModelCalled[] = []
  const queue: ModelTurn[] = []
  let always: ModelTurn = answers('One ', 'two ', 'three.')
  const called = (options: LanguageModelV4CallOptions): { turn: ModelTurn; call: ModelCalled } => {
    const call = { options, taken: 0, cancelled: false }
    calls.push(call)
    return { call, turn: queue.shift() ?? always }
  }
  return {
    specificationVersion: 'v4',
    provider: 'fake',
    modelId,
    supportedUrls: {},
    calls,
    next: (...turns) => void queue.push(...turns),
    always: (turn) => {
      always = turn
    },
    async doGenerate(options) {
      const { turn } = called(options)
      if (turn.does === 'throw') throw turn.error
      if (turn.does === 'hang') return new Promise(() => {})
      if (turn.ending instanceof Error) throw turn.ending
      return { content: contentOf(turn.parts), warnings: [], ...lastOf(turn.parts) }
    },
    async doStream(options) {
      const { turn, call } = called(options)
      if (turn.does === 'throw') throw turn.error
      if (turn.does === 'hang') return new Promise(() => {})
      return { stream: spoken(turn, call), response: { headers: { from: modelId } } }
    },
  }
}

function spoken(
  { parts, ending = 'end' }: ModelTurn & { does: 'say' },
  call: ModelCalled,
): ReadableStream<Part> {
  return new ReadableStream<Part>(
    {
      pull(controller) {
        const part = parts[call.taken++]
        if (part) controller.enqueue(part)
        else if (ending === 'end') controller.close()
        else if (ending === 'hang') return new Promise(() => {})
        else controller.error(ending)
        return undefined
      },
      cancel() {
        call.cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
}

function contentOf(parts: readonly Part[]): LanguageModelV4Content[] {
  const text = parts.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('')
  return [{ type: 'text', text }, ...parts.filter((part) => part.type === 'tool-call')]
}

function lastOf(parts: readonly Part[]): Pick<Part & { type: 'finish' }, 'finishReason' | 'usage'> {
  const { finishReason, usage } = finish('stop') as Part & { type: 'finish' }
  const last = parts.find((part) => part.type === 'finish')
  return { finishReason: last?.finishReason ?? finishReason, usage: last?.usage ?? usage }
}

/** The beginning of an answer in these words. */
export function beginning(...words: string[]): Part[] {
  return [
    { type: 'stream-start', warnings: [] },
    { type: 'text-start', id: '0' },
    ...words.map((delta): Part => ({ type: 'text-delta', id: '0', delta })),
  ]
}

/** The end of an answer. */
export function finish(
  unified: 'stop' | 'tool-calls' | 'interrupted' | 'other',
  raw: string | undefined = unified,
): Part {
  return {
    type: 'finish',
    finishReason: { unified, raw },
    usage: {
      inputTokens: { total: 1, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: 2, text: undefined, reasoning: undefined },
    },
  }
}

/** A whole answer. */
export function answers(...words: string[]): ModelTurn {
  return { does: 'say', parts: [...beginning(...words), { type: 'text-end', id: '0' }, finish('stop')] }
}

/** An answer that ends after these words. */
export function breaksOff(...words: string[]): ModelTurn {
  return { does: 'say', parts: beginning(...words) }
}
